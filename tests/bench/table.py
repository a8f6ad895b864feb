"""The table that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.bench.rows import Row

HEAD = ("what", "value", "rival or floor", "its value", "ratio", "goal", "met")
RIGHT = {1, 3, 4}
MET = {True: "yes", False: "NO", None: ""}


def text(machine: dict[str, Any], rows: Sequence[Row]) -> str:
    """The machine, the rows and how they were measured."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    load = ", ".join(f"{one:g}" for one in machine["load"])
    first = f"{machine['cores']} cores, {machine['cpu']}, {machine['system']}; load average before: {load}"
    head = [first, versions, ""]
    notes = ["", *(f"* {note}" for note in machine["method"])]
    return "\n".join([*head, *_lines([HEAD, *map(_cells, rows)]), *notes])


def _cells(row: Row) -> tuple[str, ...]:
    has_rival = row.rival_value is not None
    theirs = f"{_figure(row.rival_value)} {row.unit}" if has_rival else ""
    ratio = f"{row.value / row.rival_value:.3g}" if row.rival_value else ""
    value = f"{_figure(row.value)} {row.unit}"
    return row.name, value, row.rival or "", theirs, ratio, row.goal, MET[row.met]


def _lines(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    return [
        "  ".join(
            cell.rjust(width) if column in RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
