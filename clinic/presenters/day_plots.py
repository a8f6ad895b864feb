"""The small pictures of a day's summary: paths for inline SVG, and what each says in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clinic.presenters.day import DaySummary, Hour, Promises, Spread

STRIDE, BAR, HEIGHT = 20, 14, 72
# A picture of few hours is not drawn larger than one of a usual day.
FEWEST = 12
WIDTH, GAP = 300, 2


@dataclass(frozen=True)
class Bars:
    """One bar an hour; nothing at all where there is nothing to show. `most`: what the highest stands for."""

    words: str
    path: str
    width: int
    most: int
    height: int = HEIGHT


@dataclass(frozen=True)
class Range:
    """From the door: a thick bar to the median, a thin one on to the ninth of ten."""

    words: str
    median: int
    ninth: int
    width: int = WIDTH


@dataclass(frozen=True)
class Part:
    """One part of a whole, as wide as its share."""

    kind: str
    label: str
    count: int
    share: int
    x: int
    width: int


@dataclass(frozen=True)
class DayPlots:
    """All pictures of one day; None where there is nothing to draw."""

    arrivals: Bars | None
    waits: Bars | None
    to_call: Range | None
    to_room: Range | None
    promises: list[Part]
    promise_words: str


def day_plots(day: DaySummary) -> DayPlots:
    """The pictures of a summary. The two ranges share one scale."""
    longest = max(day.to_call.ninth or 0, day.to_room.ninth or 0, 1)
    return DayPlots(
        arrivals=_arrivals(day.hours),
        waits=_waits(day.hours),
        to_call=_range(_("From door to call"), day.to_call, longest),
        to_room=_range(_("From door to room"), day.to_room, longest),
        promises=_parts(day.promises),
        promise_words=_promised(day.promises),
    )


def _arrivals(hours: Sequence[Hour]) -> Bars | None:
    if not hours:
        return None
    busiest = max(hours, key=lambda hour: hour.arrivals)
    words = _("Arrivals per hour from %(first)s to %(last)s: %(most)s at most, at %(when)s")
    said = {"first": hours[0].label, "last": hours[-1].label, "most": busiest.arrivals, "when": busiest.label}
    return _bars(words % said, [hour.arrivals or None for hour in hours])


def _waits(hours: Sequence[Hour]) -> Bars | None:
    called = [(hour.wait, hour.label) for hour in hours if hour.wait is not None]
    if not called:
        return None
    longest, when = max(called)
    words = _(
        "Wait until the call by hour of arrival, median: %(most)s min at most, for those who came at %(when)s"
    )
    return _bars(words % {"most": longest, "when": when}, [hour.wait for hour in hours])


def _bars(words: str, values: Sequence[int | None]) -> Bars:
    most = max(value or 0 for value in values)
    path = "".join(_bar(n, value, most) for n, value in enumerate(values) if value is not None)
    return Bars(words, path, max(FEWEST, len(values)) * STRIDE, most)


def _bar(n: int, value: int, most: int) -> str:
    """Of nothing, or very little, enough to be seen."""
    height = max(2, round(value / most * HEIGHT)) if most else 2
    return f"M{n * STRIDE + (STRIDE - BAR) // 2} {HEIGHT}v-{height}h{BAR}v{height}z"


def _range(what: str, spread: Spread, longest: int) -> Range | None:
    if spread.median is None or spread.ninth is None:
        return None
    words = _("%(what)s: half within %(median)s min, nine of ten within %(ninth)s min")
    said = {"what": what, "median": spread.median, "ninth": spread.ninth}
    scale = WIDTH / longest
    return Range(words % said, max(2, round(spread.median * scale)), max(2, round(spread.ninth * scale)))


def _parts(promises: Promises) -> list[Part]:
    """Widths that add up to the whole picture, the gaps between them among it."""
    counts = [
        ("early", _("Sooner than promised"), promises.early),
        ("inside", _("Inside the range"), promises.inside),
        ("late", _("Up to 15 min late"), promises.late - promises.very_late),
        ("very-late", _("More than 15 min late"), promises.very_late),
    ]
    parts, before = list[Part](), 0
    for kind, label, count in counts:
        x, end = (round(WIDTH * n / max(promises.count, 1)) for n in (before, before + count))
        parts.append(Part(kind, label, count, promises.share(count), x, max(0, end - x - GAP) if count else 0))
        before += count
    return parts


def _promised(promises: Promises) -> str:
    words = _(
        "Promised and real waits: %(inside)s%% inside the range, %(late)s%% later, %(very)s%% over 15 min late"
    )
    said = {name: promises.share(getattr(promises, name)) for name in ("inside", "late")}
    return words % {**said, "very": promises.share(promises.very_late)}
