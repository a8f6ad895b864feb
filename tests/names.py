"""Names for patients in tests."""

from __future__ import annotations

import secrets
from string import ascii_lowercase


def another_name() -> str:
    """A first name that nobody else has."""
    return "Bob" + "".join(secrets.choice(ascii_lowercase) for _n in range(12))
