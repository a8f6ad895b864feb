"""Lengths of time as people say them."""

from __future__ import annotations

from datetime import timedelta


def span(length: timedelta) -> str:
    """With its largest unit and the next: "under 10 s", "40 s", "5 min", "2 h 10 min", "3 d 4 h".

    Seconds by tens: a page that is compared with the last one need not change for each.
    """
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds // 10 * 10} s" if seconds >= 10 else "under 10 s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
