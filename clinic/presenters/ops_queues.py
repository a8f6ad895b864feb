"""The job queues as the ops page shows them: figures, and the last hour as a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from clinic.health import Facts
from clinic.spans import span
from realtime.job_queues import Standing
from realtime.queue_history import MINUTES, Minute

# A picture of 120 by 24 for sixty minutes, and what a job should not have to wait, in seconds.
STEP, TOP, FLOOR = 2, 2, 22
THRESHOLD = 60
# Whole minutes that a rate is the mean of.
MEAN_OF = 5

Hour = Sequence[Minute | None]


@dataclass(frozen=True)
class Spark:
    """How long jobs waited, minute by minute: `line` as a path, which is broken where a minute is not known.

    `threshold`: how far from the top its line lies. `words`: all of it for who does not see it.
    """

    line: str
    threshold: int
    now: str
    most: str
    is_late: bool
    words: str


@dataclass(frozen=True)
class QueueRow:
    """`is_late`: the first in line waits for longer than it should. Rates are a minute, "" while not known."""

    name: str
    depth: int
    oldest: str
    is_late: bool
    in_flight: int
    failed: int
    rate_in: str
    rate_out: str
    spark: Spark


def queue_rows(facts: Facts) -> tuple[QueueRow, ...] | None:
    """All job queues, the most urgent first; None without Redis."""
    if facts.queues is None:
        return None
    hours = facts.minutes or {}
    return tuple(_row(name, one, hours.get(name, [None] * MINUTES)) for name, one in facts.queues.items())


def _row(name: str, one: Standing, hour: Hour) -> QueueRow:
    going_in, out = rates(hour)
    return QueueRow(
        name=name,
        depth=one.depth,
        oldest=_wait(one.oldest_seconds or 0) if one.depth else "",
        is_late=(one.oldest_seconds or 0) >= THRESHOLD,
        in_flight=one.in_flight,
        failed=one.failed_last_hour,
        rate_in=_rate(going_in),
        rate_out=_rate(out),
        spark=spark(hour, one.oldest_seconds),
    )


def rates(hour: Hour) -> tuple[float | None, float | None]:
    """Jobs that came and that ended, a minute, over the last whole minutes; None while these are not known."""
    known = [minute for minute in hour[-MEAN_OF - 2 : -1] if minute is not None]
    if len(known) < MEAN_OF + 1:
        return None, None
    out = sum(minute.finished + minute.failed for minute in known[1:]) / MEAN_OF
    return max(0.0, out + (known[-1].left - known[0].left) / MEAN_OF), out


def spark(hour: Hour, oldest_seconds: float | None) -> Spark:
    """`oldest_seconds`: how long the first in line waits at this moment."""
    waits = [None if minute is None else minute.waited for minute in hour]
    known = [wait for wait in waits if wait is not None]
    most, now = max(known, default=0), _wait(oldest_seconds or 0)
    scale = (FLOOR - TOP) / max(most, THRESHOLD * 1.25)
    return Spark(
        line=_line([None if wait is None else round(FLOOR - wait * scale) for wait in waits]),
        threshold=round(FLOOR - THRESHOLD * scale),
        now=now,
        most=_wait(most) if known else "not known",
        is_late=most >= THRESHOLD,
        words=_words(now, _wait(most), len(waits) - len(known), len(waits)),
    )


def _line(heights: Sequence[int | None]) -> str:
    """Each stretch of known minutes is one stroke; a single one is a dot."""
    path, is_down = "", False
    for place, height in enumerate(heights):
        if height is not None:
            path += f"{'L' if is_down else 'M'}{place * STEP + 1} {height}{'' if is_down else 'h0'}"
        is_down = height is not None
    return path


def _words(now: str, most: str, missing: int, minutes: int) -> str:
    if missing == minutes:
        return "How long jobs waited in the last hour is not known"
    gaps = f"; {missing} of {minutes} minutes are not known" if missing else ""
    return f"Longest wait of a job in each minute of the last hour: {most} at most, {now} now{gaps}"


def _wait(seconds: float) -> str:
    return span(timedelta(seconds=seconds)) if seconds >= 1 else "0 s"


def _rate(a_minute: float | None) -> str:
    if a_minute is None:
        return ""
    return f"{a_minute:.0f}" if a_minute >= 10 or a_minute == 0 else f"{a_minute:.1f}"
