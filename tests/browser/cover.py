"""Which of many conditions are looked at: in the tests each value of each, in `make soak ARGS=layouts` all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Condition = TypeVar("Condition")
IS_WHOLE = os.environ.get("LAYOUTS") == "all"


def of(some: Sequence[Condition], others: Sequence[Condition]) -> list[Condition]:
    """`some`, which together have each value; in the soak, `others` too."""
    return [*some, *others] if IS_WHOLE else list(some)
