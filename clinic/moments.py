"""Moments as people on call say them: in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at: datetime, now: datetime) -> str:
    """With its day, unless that is today in UTC too: "09:12 UTC", "25 Nov 09:12 UTC"."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%-d %b %H:%M} UTC"
