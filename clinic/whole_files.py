"""Files that others read while they are made."""

from __future__ import annotations

import os
import threading
from pathlib import Path

DRAFT = ".draft"


def write_whole(path: Path, data: bytes) -> None:
    """Puts `data` in `path`, whole or not at all; another process or thread may read or write it meanwhile."""
    draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}{DRAFT}")
    draft.write_bytes(data)
    draft.replace(path)
