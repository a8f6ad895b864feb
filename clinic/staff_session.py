"""How long a log-in lives: settings.SESSION_ENGINE. A kiosk's answers are kept apart (kiosk_session.py).

The row's own end is the earlier of two: so long after the last act, so long after the log-in. Whatever reads the
row, a page or a hub that looks after its sockets, needs to know no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from clinic.models import StaffSession

# Seconds since 1970: the log-in, the last act that was written down, the password of a log-in that lacks its code.
BEGAN, ACTED, HALF = "began", "acted", "half"
# Seconds. Each act would else be a write.
WRITTEN_EVERY = 60
HALF_LIFE = timedelta(minutes=5)


@dataclass(frozen=True)
class End:
    """When a log-in ends if nobody acts any more. `is_final`: and no act moves that."""

    at: datetime
    is_final: bool


class SessionStore(DatabaseStore):
    """Django's own, with the person in a column and an end that live updates do not move."""

    @classmethod
    def get_model_class(cls) -> type[StaffSession]:
        return StaffSession

    def create_model_instance(self, data: Any) -> Any:
        if SESSION_KEY in data:
            data.setdefault(BEGAN, timezone.now().timestamp())
            data.setdefault(ACTED, timezone.now().timestamp())
        row: Any = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.expire_date = _end(data)
        return row

    def act(self, *, for_sure: bool = False) -> None:
        """Somebody used the page. Written down once a minute, or `for_sure`."""
        now = timezone.now().timestamp()
        if for_sure or not 0 <= now - self.get(ACTED, 0) < WRITTEN_EVERY:
            self[ACTED] = now

    def end(self) -> End:
        """Of a log-in that is whole. One that begins with this very answer has both its times from now."""
        now = timezone.now().timestamp()
        idle, whole = _ends({name: self.get(name, now) for name in (ACTED, BEGAN)})
        return End(datetime.fromtimestamp(min(idle, whole), UTC), is_final=whole <= idle)


def _end(data: dict[str, Any]) -> datetime:
    if SESSION_KEY in data:
        # Some pages let a log-in stay for less.
        short = timezone.now().timestamp() + data.get("_session_expiry", settings.SESSION_COOKIE_AGE)
        return datetime.fromtimestamp(min(*_ends(data), short), UTC)
    if HALF in data:
        return datetime.fromtimestamp(data[HALF]["at"], UTC) + HALF_LIFE
    return timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)


def _ends(data: dict[str, Any]) -> tuple[float, float]:
    """The end for want of an act, and the one in any case, in seconds since 1970."""
    return data[ACTED] + settings.SESSION_IDLE.total_seconds(), data[BEGAN] + settings.SESSION_COOKIE_AGE
