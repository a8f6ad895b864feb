"""When the log-in of whoever asks ends, as pages of staff tell it: in time, and by the server's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from clinic import access

# A third of a short idle time, so that no page is told of the end as it begins.
WARNED = timedelta(minutes=2)


def told(request: Any) -> dict[str, object]:
    """Milliseconds since 1970: `now`, `ends`. `final`: no act moves that end."""
    end = request.session.end()
    return {"now": _ms(timezone.now()), "ends": _ms(end.at), "final": end.is_final}


def on_page(request: Any) -> dict[str, object]:
    """`warn`: how long before its end a page tells of it, in ms. `zone`: whose clock says when that is. `next`:
    where a page that has ended leads, which can be asked for anew.
    """
    clinic = getattr(request, "clinic", None)
    zone = clinic.time_zone if clinic else str(getattr(request, "zone", "UTC"))
    again = request.get_full_path() if request.method == "GET" else access.landing(request.user)
    return {**told(request), "warn": int(_warned() / timedelta(milliseconds=1)), "zone": zone, "next": again}


def _warned() -> timedelta:
    return min(WARNED, settings.SESSION_IDLE / 3)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
