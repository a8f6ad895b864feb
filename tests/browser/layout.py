"""Whether a layout holds: targets large enough, nothing clipped, nothing overlapping, no sideways scroll."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page

MEASURE = Path(__file__).with_suffix(".js").read_text()
FITS = "() => document.documentElement.scrollHeight <= innerHeight"
Target = tuple[str, float]


def faults(
    page: Page,
    targets: Sequence[Target] = (),
    *,
    unit: str = "px",
    sight: Sequence[str] = (),
    hidden: Sequence[str] | None = None,
) -> list[str]:
    """What is wrong with the page as it stands, each in a sentence.

    `targets`: the least width and height of the controls that match a selector; the first that matches counts.
    `unit`: of the targets: "px", or "mm" by the page's own --mm. `sight`: what must be whole in the window.
    `hidden`: the text that may be there for readers alone; without it, any text may.
    """
    asked = {"targets": list(targets), "unit": unit, "sight": list(sight)}
    return list(page.evaluate(MEASURE, {**asked, "hidden": None if hidden is None else list(hidden)}))


def fits(page: Page) -> bool:
    """Whether all of the page is in the window, so that nobody needs to scroll."""
    return bool(page.evaluate(FITS))
