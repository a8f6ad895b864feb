"""Worker pools: which job queues each kind of worker serves, and how many of each kind run here."""

from __future__ import annotations

POOLS: dict[str, tuple[str, ...]] = {
    "notices": ("notices",),
    "integrations": ("integrations",),
    "ill": ("ill",),
    "general": ("integrations", "default", "low"),
    "any": ("notices", "integrations", "default", "low"),
}
"""Pool to job queues, most urgent first. Work that fills one pool leaves the others free.

A worker of `any` may be held for a second by a vendor that hangs, and its other jobs with it: where a pool is
reserved for notices, `general` does the rest.
"""

DEFAULT = "notices=1,integrations=1,ill=1,general=1"


def parse(setting: str) -> list[tuple[str, int]]:
    """Reads "notices=1,general=2" into [("notices", 1), ("general", 2)], in the order given.

    Raises ValueError with a sentence that says what is wrong and what may be written.
    """
    sizes = [_size(part.strip()) for part in setting.split(",")]
    names = [name for name, _ in sizes]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"The pool {name!r} is named twice in {setting!r}. Name each pool once.")
    return sizes


def _size(part: str) -> tuple[str, int]:
    name, _, count = (piece.strip() for piece in part.partition("="))
    if name not in POOLS:
        raise ValueError(f"There is no worker pool {name!r}. The pools are {', '.join(POOLS)}: write general=2.")
    if not (count.isascii() and count.isdigit() and int(count) > 0):
        raise ValueError(
            f"The worker pool {name!r} needs a whole number of workers, 1 or more, not {count!r}. "
            f"Write {name}=1, or leave the pool out."
        )
    return name, int(count)
