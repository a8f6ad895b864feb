"""How large a wait-room screen has to write for the farthest seat, and how much of it there is then room for.

Letters: those of signs in the ADA's standards (703.5.5), capitals of 51 mm up to 4.6 m, and 1/8 inch more for each
foot beyond. Sizes are in units: 1 % of the height of a 16:9 screen, as in static/css/monitor.css.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

INCH, FOOT = 25.4, 304.8
NEAR_METRES, NEAR_MM, MORE_PER_FOOT = 4.572, 50.8, INCH / 8
# Millimetres of capital a metre that a trade rule asks for as clear: for the waiting list, which is no call.
CLEAR = 2.5
# Of our font: a capital's height. Of a row of called tickets, or of the waiting list: the font's.
CAPITAL, CALLED_FONT, NEXT_FONT = 0.72, 0.86, 0.8

# What the style sheet has room for: (rows up to, height of one).
CALLED = ((4, 15.0), (5, 12.6), (6, 10.2), (8, 7.4), (10, 11.8), (16, 7.4))
NEXT = ((6, 9.4), (8, 7.8), (16, 7.6), (20, 6.2), (42, 4.5))
NEXT_WITH_NAMES = ((16, 7.6), (20, 6.2), (28, 4.5))
ZONE, GAP = 70.0, 1.4
# With fewer called tickets than these to be read at once, a larger screen is needed.
LEAST_ROWS = 3


@dataclass(frozen=True)
class TypeSize:
    """The least that is written, in units, and what fits then. `fits`: the farthest seat reads a called ticket."""

    needed_mm: float
    capital_mm: float
    called_row: float
    called_rows: int
    next_row: float
    fits: bool

    def next_places(self, *, with_names: bool) -> int:
        """How many of those who wait have a place."""
        steps = NEXT_WITH_NAMES if with_names else NEXT
        return _most(steps, self.next_row) or steps[0][0]


ANY = TypeSize(needed_mm=0, capital_mm=0, called_row=0, called_rows=CALLED[-1][0], next_row=0, fits=True)


def type_for(inches: float | None, metres: float | None) -> TypeSize:
    """For a screen of this diagonal, and the distance of its farthest seat. Not both known: ANY."""
    if not inches or not metres:
        return ANY
    height = float(inches) * INCH * 9 / hypot(16, 9)
    needed = capital_mm(float(metres))
    wanted = 100 * needed / height / CAPITAL / CALLED_FONT
    row = min(wanted, (ZONE + GAP) / LEAST_ROWS - GAP)
    return TypeSize(
        needed_mm=needed,
        capital_mm=needed * row / wanted,
        called_row=row,
        called_rows=_most(CALLED, row) or int((ZONE + GAP) / (row + GAP) + 1e-9),
        next_row=100 * CLEAR * float(metres) / height / CAPITAL / NEXT_FONT,
        fits=row == wanted,
    )


def capital_mm(metres: float) -> float:
    """The least height of capitals that are read at this distance."""
    return NEAR_MM + MORE_PER_FOOT * max(0.0, metres - NEAR_METRES) * 1000 / FOOT


def _most(steps: tuple[tuple[int, float], ...], least: float) -> int:
    """The largest number up to which no row is lower than `least`."""
    most = 0
    for rows, height in steps:
        if height < least:
            break
        most = rows
    return most
