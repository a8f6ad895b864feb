"""Django's LOGGING: one JSON object an event on standard error, no patient data. Imports nothing: for settings."""

from __future__ import annotations

from typing import Any


def lines(level: str) -> dict[str, Any]:
    """All lines of this level and above."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "clinic.logs.Formatter"},
        },
        "filters": {"routes": {"()": "clinic.logs.RoutesOnly"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["routes"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Their lines carry full addresses, or a traceback for each second that Redis is away.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "fontTools": {"level": "ERROR"},
            "channels_redis.pubsub": {"level": "CRITICAL"},
            "uvicorn.error": {"level": "WARNING"},
        },
    }
