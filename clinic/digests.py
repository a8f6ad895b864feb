"""What is kept of a secret that we only have to know again: enough for that, not enough to use it."""

from __future__ import annotations

import hashlib


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
