"""What a stand-in is told to do, at its control port."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from typing import Any


def read(body: bytes, modes: type[StrEnum]) -> dict[str, Any]:
    """The order of a request, whose "mode" is one of these. Raises ValueError with a sentence for the sender."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise ValueError('The body is not JSON. Send {"mode": "silent", "seconds": 10}.') from error
    if not isinstance(value, dict) or value.get("mode") not in list(modes):
        raise ValueError(f"Unknown mode. Choose one of {', '.join(modes)}.")
    return value


def above_zero(order: dict[str, Any], name: str) -> float | None:
    """A number of the order; None where it is left out. Raises ValueError with a sentence for the sender."""
    value = order.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{name} is a number above 0, or left out.")
    return float(value)
