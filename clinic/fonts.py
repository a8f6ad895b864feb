"""Makes the web fonts: Atkinson Hyperlegible from its Python package, cut to the letters we use, as WOFF2."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import fontpkg_atkinson_hyperlegible as atkinson
from fontTools import subset

from clinic.whole_files import write_whole

CUTS = {"Regular": "atkinson-regular", "Bold": "atkinson-bold"}
# What nearly every page needs comes with it; a browser fetches the rest for the name that has such a letter. The
# same ranges stand in tokens.css.
PARTS = {
    # English and its neighbours, punctuation, arrows and the signs of our pages.
    "": [(0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x2027), (0x2190, 0x2193), (0x2212, 0x2212), (0x20AC, 0x20AC)],
    # Latin with all other accents.
    "-more": [(0x100, 0x17F), (0x1E00, 0x1EFF)],
}


def make(folder: Path) -> list[Path]:
    """Writes both weights, in both parts, into `folder` unless they are there. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for cut, name in CUTS.items():
        for part, ranges in PARTS.items():
            target = folder / f"{name}{part}.woff2"
            if not target.exists():
                _subset(atkinson.ROOT / "files" / f"AtkinsonHyperlegible-{cut}.ttf", target, ranges)
            made.append(target)
    return made


def _subset(source: Path, target: Path, ranges: list[tuple[int, int]]) -> None:
    # Hints serve screens of old, and are half of the file.
    options = subset.Options(flavor="woff2", layout_features=["kern", "liga", "tnum"], hinting=False)
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in ranges for code in range(first, last + 1)])
    cutter.subset(font)
    made = BytesIO()
    subset.save_font(font, made, options)
    write_whole(target, made.getvalue())
    font.close()
