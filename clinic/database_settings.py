"""How each process talks to PostgreSQL. For the settings: imports nothing of ours."""

from __future__ import annotations

from typing import Any

import dj_database_url

# For libpq. A machine that dies tells nobody: who waits for its answer is let go after 11 s by our own kernel.
BOUNDS = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


def postgresql(url: str) -> dict[str, Any]:
    """One of DATABASES. What the address itself asks for goes first."""
    said: dict[str, Any] = dict(dj_database_url.parse(url))
    return {**said, "OPTIONS": {**BOUNDS, **said.get("OPTIONS", {})}}
