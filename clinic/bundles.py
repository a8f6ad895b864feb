"""Files that a browser gets as one: over a phone's network each request costs more than what it brings."""

from __future__ import annotations

from pathlib import Path

BUNDLES = {
    "css/phone.all.css": ("css/tokens.css", "css/base.css", "css/phone.css"),
    "js/phone.all.js": ("js/board.js", "js/live.js", "js/phone.js"),
}


def make(sources: Path, folder: Path) -> None:
    """Writes every bundle into `folder`, from the files in `sources`."""
    for name, parts in BUNDLES.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join((sources / part).read_text() for part in parts))
