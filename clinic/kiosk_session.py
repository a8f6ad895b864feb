"""What a kiosk holds of one patient until the wipe: on the server, apart from any log-in of the same browser."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse

from clinic.access import cookie_name

LIFE = 15 * 60
COOKIE = "kiosk-answers"


class KioskSession:
    """The answers so far, the key of this check-in, and its visit once there is one."""

    def __init__(self, request: HttpRequest) -> None:
        self._store = SessionStore(request.COOKIES.get(cookie_name(COOKIE)))
        self._wiped = False

    @property
    def answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = self._store.get("answers", {})
        return answers

    def add(self, cleaned: dict[str, Any]) -> None:
        """Keeps the answers of one page."""
        plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in cleaned.items()}
        self._store["answers"] = {**self.answers, **plain}
        # Made long before the last page is sent: two taps on its button must read one key, not make one each.
        self._store.setdefault("key", str(uuid.uuid4()))

    @property
    def key(self) -> uuid.UUID:
        """Of this check-in: a form that is sent twice makes one visit. It dies with the wipe."""
        return uuid.UUID(self._store["key"])

    @property
    def visit_id(self) -> str | None:
        return self._store.get("visit")

    @visit_id.setter
    def visit_id(self, public_id: str) -> None:
        self._store["visit"] = public_id

    def wipe(self) -> None:
        """Forgets everything, here and in the database."""
        self._store.flush()
        self._wiped = True

    def save(self, response: HttpResponse) -> None:
        """Stores what changed, and sets or ends the cookie."""
        name = cookie_name(COOKIE)
        if self._store.modified and self._store.keys():
            self._wiped = not self._stored()
        if self._wiped:
            response.delete_cookie(name, samesite="Strict")
        elif self._store.modified:
            response.set_cookie(
                name, self._store.session_key or "", httponly=True, secure=settings.HTTPS, samesite="Strict"
            )

    def _stored(self) -> bool:
        """Writes the answers down; False when a wipe came in between, which wins."""
        self._store.set_expiry(LIFE)
        try:
            self._store.save()
        except UpdateError:
            return False
        return True
