"""Reads pictures of the drill for its tests: their shapes as XML, and the room that their words take."""

from __future__ import annotations

import re
from itertools import combinations
from typing import NamedTuple
from xml.etree import ElementTree

# As the pictures' font: about so much of its size a letter, and from above to below the baseline.
LETTER, ABOVE, BELOW = 0.56, 0.72, 0.2
SIZES = {"result": 20, "name": 16, "tick": 12}


class Box(NamedTuple):
    """The room of some words."""

    words: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def tree(text: str) -> ElementTree.Element:
    """A whole picture, or its shapes. Fails when it is not XML."""
    return ElementTree.fromstring(text if text.startswith("<svg") else f"<svg>{text}</svg>")


def name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def words(text: str) -> list[str]:
    """The words that a picture shows."""
    return [node.text or "" for node in tree(text).iter() if name(node) == "text"]


def paths(text: str, kind: str) -> list[str]:
    """The steps of the paths of a class."""
    return [node.get("d", "") for node in tree(text).iter() if name(node) == "path" and node.get("class") == kind]


def points(steps: str) -> list[tuple[float, float]]:
    """Where a path's pieces begin, or its corners are."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", steps)]


def boxes(text: str) -> list[Box]:
    """The room of all words, moved as their groups are."""
    return _boxes(tree(text), 0.0, 0.0)


def overlaps(text: str) -> list[tuple[str, str]]:
    """Words that are drawn over each other."""
    return [(one.words, other.words) for one, other in combinations(boxes(text), 2) if one.meets(other)]


def _boxes(node: ElementTree.Element, right: float, down: float) -> list[Box]:
    if moved := re.match(r"translate\((\S+) (\S+)\)", node.get("transform", "")):
        right, down = right + float(moved[1]), down + float(moved[2])
    own = [_box(node, right, down)] if name(node) == "text" else []
    return own + [box for child in node for box in _boxes(child, right, down)]


def _box(node: ElementTree.Element, right: float, down: float) -> Box:
    said, size = node.text or "", SIZES.get(node.get("class", ""), 13)
    width = LETTER * size * len(said)
    x, y = right + float(node.get("x", 0)), down + float(node.get("y", 0))
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[node.get("text-anchor", "start")]
    return Box(said, left, y - ABOVE * size, left + width, y + BELOW * size)
