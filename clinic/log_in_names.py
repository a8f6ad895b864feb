"""What a log-in that fails is known by: never by what was typed, which may be a password in the wrong field."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from clinic import known_browsers
from clinic.networks import network


def plain(name: object) -> str:
    """A name as Django's form reads it, whatever its case."""
    return unicodedata.normalize("NFKC", str(name or "")).strip().casefold()


def counted_as(request: HttpRequest | None, credentials: Mapping[str, Any] | None) -> str:
    """For django-axes: a keyed digest of the name; in a browser that is known, of name and browser."""
    said: Mapping[str, Any] = credentials or (request.POST if request else {})
    browser = known_browsers.of(request).id if request else ""
    what = f"{browser} {plain(said.get('username'))}"
    return salted_hmac("clinic.log_in", what, algorithm="sha256").hexdigest()[:40]


def counted_at(request: HttpRequest) -> str | None:
    """For django-axes: the network; None for a browser that is known, wherever it is."""
    return None if known_browsers.of(request).id else network(request) or None


def logged_as(name: str, address: str, agent: str, path: str, request: HttpRequest) -> str:
    """For django-axes's log lines: from where."""
    return address or network(request) or "nowhere"
