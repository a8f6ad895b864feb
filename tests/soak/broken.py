"""The patches in `laws/`: each breaks one law of the design, and names the tests that must then fail.

The design has seven laws; 8 is what we promise of log-ins and of the audit. A patch is a unified diff under a few
words: `Law N: what is broken`, and one line `Fails: FILE::TEST` a test. Line numbers are not believed: the lines
that a hunk takes out, with those around them, must stand once in the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LAWS = Path(__file__).parent / "laws"


class DoesNotApply(Exception):
    """The code has changed since: the patch must be written anew. The text says which and where."""


@dataclass(frozen=True)
class Hunk:
    """One place in one file: these lines become those."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Patch:
    """`fails`: tests as pytest names them."""

    name: str
    law: int
    says: str
    fails: list[str]
    hunks: list[Hunk]

    def applied(self, root: Path) -> dict[str, str]:
        """The new text of each file that it changes. Raises DoesNotApply."""
        texts: dict[str, str] = {}
        for hunk in self.hunks:
            text = texts.get(hunk.file) or (root / hunk.file).read_text()
            if text.count(hunk.old) != 1:
                places = text.count(hunk.old)
                raise DoesNotApply(f"{self.name}: {places} places in {hunk.file} for:\n{hunk.old}")
            texts[hunk.file] = text.replace(hunk.old, hunk.new)
        return texts


def patches() -> list[Patch]:
    """All of them, by law."""
    return [_read(path) for path in sorted(LAWS.glob("*.patch"))]


def _read(path: Path) -> Patch:
    text = path.read_text()
    law, says = re.findall(r"^Law ([1-8]): (.+)$", text, flags=re.M)[0]
    fails = re.findall(r"^Fails: (\S+)$", text, flags=re.M)
    return Patch(path.stem, int(law), says, fails, _hunks(text))


def _hunks(text: str) -> list[Hunk]:
    found = []
    for part in re.split(r"^--- a/", text, flags=re.M)[1:]:
        file, *bodies = re.split(r"^@@.*@@.*\n", part, flags=re.M)
        for body in bodies:
            lines = body.splitlines(keepends=True)
            old, new = (_side(lines, other) for other in "+-")
            found.append(Hunk(file.splitlines()[0], old, new))
    return found


def _side(lines: list[str], other: str) -> str:
    """What stands there before the patch (`other` is "+") or after it ("-")."""
    return "".join(line[1:] for line in lines if not line.startswith(other))
