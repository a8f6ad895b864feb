"""The vendor of the realtime tests, for the designs that call it by themselves."""

from __future__ import annotations

from tests.realtime.conftest import rig, vendor

__all__ = ["rig", "vendor"]
