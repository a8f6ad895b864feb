"""What a backup says of itself, so that a restore can be checked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

BLOCK = 1 << 20


class BadBackup(Exception):
    """The file is none of ours, or is damaged; nothing was changed. The text is for whoever runs the command."""


@dataclass(frozen=True)
class Manifest:
    """`made_at`: ISO 8601, UTC. `vendor`: sqlite or postgresql. `migrations`: those that had been applied, as
    app.name. `rows`: how many each table had."""

    made_at: str
    vendor: str
    migrations: list[str]
    rows: dict[str, int]
    sha256: str

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Raises BadBackup."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            raise BadBackup("This is not a backup of Evenkeel: its list of contents cannot be read.") from None


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()
