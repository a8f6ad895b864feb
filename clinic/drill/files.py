"""Writes what a drill leaves behind: its rows as JSON, its page, and its picture for the README."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinic.drill.page import page
from clinic.drill.picture import picture
from clinic.drill.provenance import Made
from clinic.drill.record import Run
from clinic.drill.report import as_json

ROWS, PAGE, PICTURE = "drill.json", "drill.html", "drill.svg"


def write(runs: Sequence[Run], made: Made, folder: Path) -> list[Path]:
    """Writes the three files into `folder`, which is made if need be. Returns their paths, JSON first."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        ROWS: as_json(runs) + "\n",
        PAGE: page(runs, made),
        PICTURE: picture(runs),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]
