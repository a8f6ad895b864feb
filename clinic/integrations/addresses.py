"""Which addresses a destination may lead to, decided when the connection is made: after any name was resolved."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.conf import settings


class NotAllowed(Exception):
    """The address is ours, or nobody's. The text says what to set."""


def must_be_allowed(address: Any) -> None:
    """Raises NotAllowed unless the address (host, port, ...) is public, or in a network that the site allows."""
    host = str(address[0]) if isinstance(address, tuple) else ""
    try:
        ip = _plain(ip_address(host.partition("%")[0]))
    except ValueError:
        raise NotAllowed("it leads to no internet address") from None
    if not (ip.is_global and not ip.is_multicast) and not _is_named(ip):
        raise NotAllowed(
            f"{ip} is a private address: whoever runs this server must name its network in "
            "EVENKEEL_PRIVATE_DESTINATIONS"
        )


def is_named(host: str) -> bool:
    """Whether it is a number address in a network that the site allows."""
    try:
        return _is_named(_plain(ip_address(host)))
    except ValueError:
        return False


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that is written as an IPv6 one is what it is."""
    return getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip


def _is_named(ip: IPv4Address | IPv6Address) -> bool:
    return any(ip in network for network in settings.PRIVATE_DESTINATIONS)
