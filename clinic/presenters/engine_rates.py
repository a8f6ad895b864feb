"""How much arrives at each destination, and the small picture of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Func, IntegerField, Q

from clinic.models import Delivery

STEP = 300
BARS = 24
STRIDE, WIDTH, HEIGHT = 5, 4, 24


@dataclass(frozen=True)
class Rate:
    """Delivered in the last hour, and a minute now; `most`: in any 5 minutes of the last 2 h.

    `bars`: those 2 h as the path of a picture of 120 by 24; `open_bar`: the last 5 minutes, which are not over.
    """

    last_hour: int = 0
    a_minute: str = "0"
    most: int = 0
    bars: str = ""
    open_bar: str = ""
    words: str = "Nothing was delivered in the last 2 hours"


NOTHING = Rate()


class FiveMinutes(Func):
    """The number of the five minutes since 1970 that a moment lies in."""

    output_field = IntegerField()
    template = f"CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / {STEP}) AS BIGINT)"

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = f"(CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / {STEP})"
        return self.as_sql(compiler, connection, template=template, **more)


def rates(destinations: Iterable[int], now: datetime) -> dict[int, Rate]:
    """By the destination's pk; those that took nothing in 2 h are missing. One query."""
    last = int(now.timestamp()) // STEP
    first = last - BARS + 1
    rows = (
        Delivery.objects.filter(
            destination__in=list(destinations),
            state=Delivery.State.DELIVERED,
            delivered_at__gte=datetime.fromtimestamp(first * STEP, now.tzinfo),
        )
        .order_by()
        .annotate(slot=FiveMinutes("delivered_at"))
        .values_list("destination", "slot")
        .annotate(
            count=Count("pk"),
            hour=Count("pk", filter=Q(delivered_at__gte=now - timedelta(hours=1))),
            now=Count("pk", filter=Q(delivered_at__gte=now - timedelta(minutes=5))),
        )
    )
    found: dict[int, dict[int, tuple[int, int, int]]] = {}
    for destination, slot, *counts in rows:
        found.setdefault(destination, {})[slot - first] = (counts[0], counts[1], counts[2])
    return {destination: _rate(slots) for destination, slots in found.items()}


def _rate(slots: dict[int, tuple[int, int, int]]) -> Rate:
    counts = [slots.get(n, (0, 0, 0))[0] for n in range(BARS)]
    most = max(counts)
    minute = sum(slot[2] for slot in slots.values()) / 5
    return Rate(
        last_hour=sum(slot[1] for slot in slots.values()),
        a_minute=f"{minute:.0f}" if minute >= 10 or minute == 0 else f"{minute:.1f}",
        most=most,
        bars="".join(_bar(n, count, most) for n, count in enumerate(counts[:-1])),
        open_bar=_bar(BARS - 1, counts[-1], most),
        words=_words(counts, most),
    )


def _bar(n: int, count: int, most: int) -> str:
    """None of nothing; of very little, enough to be seen."""
    height = max(2, round(count / most * HEIGHT)) if count else 0
    return f"M{n * STRIDE} {HEIGHT}v-{height}h{WIDTH}v{height}z" if height else ""


def _words(counts: list[int], most: int) -> str:
    silent = next((n for n, count in enumerate(reversed(counts)) if count), BARS)
    end = f"none for the last {silent * 5} minutes" if silent > 1 else f"{counts[-2]} in the last whole one"
    return f"Delivered per 5 minutes over the last 2 hours: {most} at most, {end}"
