"""Screens that kiosks are often made of, for those who cannot measure: how many CSS pixels a millimetre has."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import hypot

MM_PER_INCH = 25.4


@dataclass(frozen=True)
class Panel:
    """`width` and `height`: in CSS pixels, as at the usual scale of such a device."""

    name: str
    inches: float
    width: int
    height: int

    @property
    def px_per_mm(self) -> Decimal:
        return Decimal(f"{hypot(self.width, self.height) / (self.inches * MM_PER_INCH):.3f}")


PANELS = (
    Panel("iPad 10.2 in", 10.2, 1080, 810),
    Panel("iPad 10.9 in", 10.9, 1180, 820),
    Panel("iPad Pro 12.9 in", 12.9, 1366, 1024),
    Panel("Tablet 10.1 in, 1280 by 800", 10.1, 1280, 800),
    Panel("Touch screen 15.6 in, 1920 by 1080", 15.6, 1920, 1080),
    Panel("Touch screen 21.5 in, 1920 by 1080", 21.5, 1920, 1080),
    Panel("Touch screen 24 in, 1920 by 1080", 24, 1920, 1080),
    Panel("Touch screen 27 in, 1920 by 1080", 27, 1920, 1080),
    Panel("Touch screen 32 in, 1920 by 1080", 32, 1920, 1080),
)
