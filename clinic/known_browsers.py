"""Browsers in which members of staff have logged in before: a cookie, so that a stranger's tries stop none.

It opens nothing, names nobody in the clear, and outlives the log-in: a desk is known for as long as it is used.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

NAME = f"{settings.COOKIE_PREFIX}browser"
SALT = "clinic.known_browsers"
LIFE = 365 * 24 * 3600
# So many people share a desk; whoever logged in longest ago is forgotten.
MOST = 20


class Browser(NamedTuple):
    """`id`: empty when nobody is known to have logged in here. `names`: digests of who has, the last one last."""

    id: str = ""
    names: tuple[str, ...] = ()

    def knows(self, name: str) -> bool:
        return _digest(name) in self.names


STRANGER = Browser()


def of(request: HttpRequest) -> Browser:
    """What this browser's cookie proves."""
    try:
        said = signing.loads(request.COOKIES.get(NAME, ""), salt=SALT, max_age=LIFE)
    except signing.BadSignature:
        return STRANGER
    return Browser(said["id"], tuple(said["names"]))


def remember(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """That somebody with this name, as `log_in_names.plain` gives it, has logged in here."""
    known, new = of(request), _digest(name)
    names = [*(one for one in known.names if one != new), new][-MOST:]
    said = signing.dumps({"id": known.id or secrets.token_hex(8), "names": names}, salt=SALT)
    response.set_cookie(NAME, said, max_age=LIFE, secure=settings.HTTPS, httponly=True, samesite="Strict")


def _digest(name: str) -> str:
    return salted_hmac(SALT, name, algorithm="sha256").hexdigest()[:16]
