"""What a failed log-in is known by: never by what was typed, which may be a password in the wrong field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac


def counted_as(request: HttpRequest | None, credentials: Mapping[str, Any] | None) -> str:
    """For django-axes: a keyed digest of the name, whatever its case."""
    said: Mapping[str, Any] = credentials or (request.POST if request else {})
    return salted_hmac(
        "clinic.log_in", str(said.get("username") or "").casefold(), algorithm="sha256"
    ).hexdigest()[:40]


def logged_as(name: str, address: str, agent: str, path: str, request: HttpRequest) -> str:
    """For django-axes's log lines: from where."""
    return address or "nowhere"
