"""Reads settings from the environment: typed, strict, and with errors that say what to do."""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from clinic.running import home

Network = IPv4Network | IPv6Network

PREFIX = "EVENKEEL_"


@cache
def _running() -> dict[str, str]:
    """What a running demo on this home was started with, so that a command in a shell finds it."""
    found: dict[str, str] = (home.read_run(home.home()) or {}).get("env", {})
    return found


def text(name: str, default: str = "") -> str:
    """The variable's value, stripped; else what a demo that runs on this home has; else `default`."""
    return os.environ.get(name, "").strip() or _running().get(name, "") or default


def flag(name: str) -> bool:
    """True for 1, true, yes, on; false for 0, false, no, off or nothing."""
    value = text(name, "no").lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: write yes or no.")


def number(name: str, default: int) -> int:
    """A whole number."""
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number, for example {default}.")
    return int(value)


def choice(name: str, allowed: Collection[str], default: str) -> str:
    """One of a few words."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}: write one of {', '.join(allowed)}.")
    return value


def url(name: str, schemes: Collection[str], default: str = "", *, has_host: bool = True) -> str:
    """An address with one of these schemes and a host, or nothing.

    The error never repeats it: it may hold a password.
    """
    value = text(name, default)
    if value and not _is_url(value, schemes, has_host):
        starts = " or ".join(f"{scheme}://" for scheme in schemes)
        host = " and name a host" if has_host else ""
        raise ImproperlyConfigured(
            f"{name} must begin with {starts}{host}. "
            "In a user or password, write / ? # @ : as %2F %3F %23 %40 %3A."
        )
    return value


def _is_url(value: str, schemes: Collection[str], has_host: bool) -> bool:
    try:
        parts = urlsplit(value)
        # Reading the port is what finds a password that was cut at its slash.
        return parts.scheme in schemes and parts.port != 0 and (bool(parts.hostname) or not has_host)
    except ValueError:
        return False


class MailServer(NamedTuple):
    """TLS from the first byte (`ssl`), or asked for before the password is told (`starttls`). No host: none."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    ssl: bool = False
    starttls: bool = False


def mail_server(name: str) -> MailServer:
    """smtp://user:password@host:port or smtps://...; a password never goes in the clear."""
    parts = urlsplit(url(name, ("smtp", "smtps")))
    is_ssl, user = parts.scheme == "smtps", unquote(parts.username or "")
    port = parts.port or (465 if is_ssl else 587 if user else 25)
    asks_for_tls = bool(user) and not is_ssl
    return MailServer(parts.hostname or "", port, user, unquote(parts.password or ""), is_ssl, asks_for_tls)


def key(name: str) -> str:
    """An Ably API key, `appId.keyId:secret`, or nothing. The error never repeats it."""
    value = text(name)
    head, colon, secret = value.partition(":")
    if value and not (colon and secret and "." in head):
        raise ImproperlyConfigured(f"{name} is not an Ably API key: it looks like appId.keyId:secret.")
    return value


def networks(name: str, default: str = "") -> list[Network]:
    """Networks such as "10.0.0.0/8, 192.168.7.20"; none when empty."""
    try:
        return [ip_network(word) for word in text(name, default).replace(",", " ").split()]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Write networks such as 10.0.0.0/8, 192.168.7.20.") from None


def refuse_unknown(known: Collection[str]) -> None:
    """A misspelt setting is an error, not a surprise."""
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise ImproperlyConfigured(
            f"{', '.join(unknown)}: no such setting. Known ones: {', '.join(sorted(known))}."
        )
