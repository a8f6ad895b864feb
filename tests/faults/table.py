"""The table of faults: one row each, with what was measured; as text for people and as Markdown for documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

HEAD = [
    "fault",
    "kiosk POST, median",
    "longest",
    "last POST, median",
    "check-in on monitor",
    "on desk",
    "call on monitor",
    "without own socket: check-in",
    "call",
    "taken by",
    "what Ably did",
    "longest job",
    "Ably again",
    "streams again",
]


@dataclass
class Row:
    """What one fault did. Milliseconds, but for what is in seconds by its name.

    `posts`: of the kiosk; `writes`: the last of each check-in, which alone writes. `shown`, `at_desk`,
    `called`: from the press of the last button to the row in the page. `..._bare`: the same on a monitor without
    its own WebSocket. `taken`: notices by path. `live`: what monitor and bare monitor say of
    their path. `ably_seconds`, `streams_seconds`: from the fault's end to the next notice that Ably took, and to
    both pages' streams.
    """

    fault: str
    posts: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    at_desk: list[float] = field(default_factory=list)
    called: float = 0.0
    shown_bare: float = 0.0
    called_bare: float = 0.0
    taken: dict[str, int] = field(default_factory=dict)
    problem: str = ""
    live: tuple[str, str] = ("", "")
    job_seconds: float = 0.0
    ably_seconds: float = 0.0
    streams_seconds: float = 0.0

    def cells(self) -> list[str]:
        """As in HEAD; what was not measured is empty."""
        posts = [median(self.posts), max(self.posts), median(self.writes)] if self.posts else [0, 0, 0]
        waits = [*posts, max(self.shown, default=0), max(self.at_desk, default=0), self.called]
        waits += [self.shown_bare, self.called_bare]
        taken = ", ".join(f"{path} {count}" for path, count in sorted(self.taken.items()))
        spans = [self.job_seconds, self.ably_seconds, self.streams_seconds]
        return [
            self.fault,
            *(f"{wait:.0f} ms" if wait else "" for wait in waits),
            taken or "no job",
            self.problem[:44],
            *(f"{span:.2f} s" if span else "" for span in spans),
        ]


def text(rows: Sequence[Row]) -> list[str]:
    """Aligned lines."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]


def markdown(rows: Sequence[Row]) -> str:
    """A table with its head."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
