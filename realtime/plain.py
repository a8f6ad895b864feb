"""What people write in a few words, fit for one line of a history or a log."""

from __future__ import annotations

import re

CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def one_line(text: str) -> str:
    """Without control characters, and without more than one space anywhere."""
    return " ".join(CONTROL.sub(" ", text).split())
