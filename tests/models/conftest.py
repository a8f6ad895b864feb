"""What the models share with the clinic's own tests."""

from __future__ import annotations

from tests.clinic.conftest import clock, no_redis

__all__ = ["clock", "no_redis"]
