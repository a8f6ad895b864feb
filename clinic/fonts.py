"""Makes the web fonts: Atkinson Hyperlegible from its Python package, cut to the letters we use, as WOFF2."""

from __future__ import annotations

from pathlib import Path

import fontpkg_atkinson_hyperlegible as atkinson
from fontTools import subset

CUTS = {"Regular": "atkinson-regular.woff2", "Bold": "atkinson-bold.woff2"}
# Latin with all accents, punctuation, arrows and the signs of our pages.
RANGES = [
    (0x20, 0x17F),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2190, 0x2193),
    (0x2212, 0x2212),
    (0x20AC, 0x20AC),
]


def make(folder: Path) -> list[Path]:
    """Writes both weights into `folder` unless they are there. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for cut, name in CUTS.items():
        target = folder / name
        if not target.exists():
            _subset(atkinson.ROOT / "files" / f"AtkinsonHyperlegible-{cut}.ttf", target)
        made.append(target)
    return made


def _subset(source: Path, target: Path) -> None:
    options = subset.Options(flavor="woff2", layout_features=["kern", "liga", "tnum"])
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    cutter.subset(font)
    subset.save_font(font, str(target), options)
    font.close()
