"""Which addresses a destination may lead to, decided when the connection is made: after any name was resolved."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings

# Gateways to IPv4 that take the address from the last four bytes.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/96"))
_IPV4_COMPATIBLE = IPv6Network("::/96")


class NotAllowed(Exception):
    """The address is ours, or nobody's. The text says what to set."""


def must_be_allowed(address: Any) -> None:
    """Raises NotAllowed unless the address (host, port, ...) is public, or in a network that the site allows."""
    host = str(address[0]) if isinstance(address, tuple) else ""
    bare, _percent, zone = host.partition("%")
    try:
        ip = _plain(ip_address(bare))
    except ValueError:
        raise NotAllowed("it leads to no internet address") from None
    if (zone or not _is_public(ip)) and not _is_named(ip):
        raise NotAllowed(
            f"{ip} is a private address: whoever runs this server must name its network in "
            "EVENKEEL_PRIVATE_DESTINATIONS"
        )


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Python counts multicast, reserved and the old site-local addresses as global."""
    odd = ip.is_multicast or ip.is_reserved or getattr(ip, "is_site_local", False)
    return ip.is_global and not odd


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that is written as an IPv6 one, or lies behind one, is what it is."""
    if isinstance(ip, IPv4Address):
        return ip
    if any(ip in network for network in _NAT64) or (ip in _IPV4_COMPATIBLE and int(ip) > 1):
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _is_named(ip: IPv4Address | IPv6Address) -> bool:
    return any(ip in network for network in settings.PRIVATE_DESTINATIONS)
