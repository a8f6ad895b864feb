"""Where a request comes from, as limits count it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.http import HttpRequest

# Bits: whoever has one address of an IPv6 network has them all.
THEIRS = 64


def network(request: HttpRequest) -> str:
    """An IPv4 address, or the first one of an IPv6 network; empty where there is none."""
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    rest = 128 - THEIRS
    return str(address.ipv4_mapped or IPv6Address(int(address) >> rest << rest))
