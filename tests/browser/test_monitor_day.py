"""A day of a wait-room screen on a clock of the test's: looks, calls, many at once with a new build,
and every part of the network lost and back.

A short one here; `make soak ARGS=tv` lives through a whole day (DAY_LOOKS, DAY_CALLS).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import pytest
from playwright.sync_api import BrowserContext, CDPSession

from tests.browser.studio import Screen, Studio, open_screen, open_studio

LOOKS = int(os.environ.get("DAY_LOOKS", "480"))
CALLS = int(os.environ.get("DAY_CALLS", "12"))
SEED = int(os.environ.get("DAY_SEED", "7"))
# Seconds: between two looks; of a call; for which each part is away; until the page is live again.
LOOK, SHOWN, AWAY, BACK = 3, 10, 45, 45
# Looks that pass in one go while there is no news.
AT_ONCE = 20
# Of the heap, over the day; and bytes that a page which is a quarter of an hour old still learns.
GROWTH, LEARNS = 0.10, 500_000 if LOOKS < 10_000 else 0


@dataclass
class Day:
    """What happens to one screen. `expected`: the tickets that were called, in order."""

    screen: Screen
    random: Random = field(default_factory=lambda: Random(SEED))
    expected: list[str] = field(default_factory=list)
    looks: int = 0

    @property
    def studio(self) -> Studio:
        return self.screen.studio

    def look(self, number: int = 1) -> None:
        """So many looks, while there is no news."""
        self.looks += number
        self.screen.listen(number * LOOK)

    def call(self) -> None:
        """The next one; who was called a while ago goes in."""
        number = len(self.expected)
        self.expected.append(f"{'ABCDEFGH'[number // 90 % 8]}{10 + number % 90}")
        self.studio.called = self.studio.called[:6]
        self.studio.call(self.expected[-1], language=self.random.choice(["en", "es", "vi"]))

    @property
    def path(self) -> str | None:
        return self.screen.page.locator("[data-topic]").get_attribute("data-live")


@pytest.fixture
def day(context: BrowserContext) -> Iterator[Day]:
    with open_studio() as studio:
        studio.vendor_up = True
        yield Day(open_screen(context, studio))


def lose_vendor(studio: Studio) -> None:
    studio.vendor_up = False


def lose_socket(studio: Studio) -> None:
    studio.cut_sockets()


def lose_server(studio: Studio) -> None:
    """It answers with an error, as a proxy does for it."""
    studio.broken = True
    studio.cut_sockets()


def lose_network(studio: Studio) -> None:
    studio.up = False
    studio.cut_sockets()


LOSSES: list[tuple[Callable[[Studio], None], str]] = [
    (lose_vendor, "own"),
    (lose_socket, "vendor"),
    (lose_server, "stale"),
    (lose_network, "stale"),
]


def lose_and_find(day: Day, lose: Callable[[Studio], None], path: str) -> None:
    """One part is lost and comes back; who is called meanwhile is announced, at the latest then."""
    studio = day.studio
    lose(studio)
    for look in range(AWAY // LOOK):
        if look == AWAY // LOOK // 2:
            day.call()
        day.look()
    assert day.path == path, lose.__name__
    studio.up = studio.socket_up = studio.vendor_up = True
    studio.broken = False
    until_live(day)


def call_many(day: Day, number: int) -> None:
    """So many at once, and a new build that has to wait for its moment."""
    day.studio.build = "b2"
    for _one in range(number):
        day.call()
        day.screen.shows(day.studio.version)
    for _look in range((number * SHOWN + BACK) // LOOK):
        day.look()
    assert day.screen.page.locator("html").get_attribute("data-build") == "b2"
    until_live(day)


def until_live(day: Day) -> None:
    for _look in range(BACK // LOOK):
        if day.path == "both":
            return
        day.look()
    raise AssertionError(f"{day.path} after {BACK} s")


def heap(devtools: CDPSession) -> float:
    """Bytes that the page's scripts hold, once what nobody holds is gone."""
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"])


def live_through(day: Day, devtools: CDPSession) -> list[float]:
    """All looks and calls; with each of the losses comes a call of its own. Gives the heap, now and then."""
    heaps: list[float] = []
    losses = {LOOKS * (place + 1) // 6: loss for place, loss in enumerate(LOSSES)}
    many = day.random.randint(3, 6)
    number = CALLS - len(LOSSES) - many
    calls = {LOOKS * (2 * place + 1) // (2 * number) for place in range(number)}
    measured = set(range(LOOKS // 20, LOOKS, LOOKS // 20))
    marks, look = sorted({*losses, *calls, *measured, LOOKS * 11 // 12, LOOKS}), 0
    while look < LOOKS:
        if look in measured:
            heaps.append(heap(devtools))
            print(f"look {look}, call {len(day.expected)}, {heaps[-1] / 1e6:.2f} MB", file=sys.stderr, flush=True)
        if look in losses:
            lose_and_find(day, *losses[look])
        if look == LOOKS * 11 // 12:
            call_many(day, many)
        if look in calls:
            day.call()
            day.screen.shows(day.studio.version)
        ahead = min(AT_ONCE, next(mark for mark in marks if mark > look) - look)
        day.look(ahead)
        look += ahead
    return heaps


def test_day_of_a_screen(
    day: Day, context: BrowserContext, record_property: Callable[[str, object], None]
) -> None:
    devtools = context.new_cdp_session(day.screen.page)
    until_live(day)
    heaps = live_through(day, devtools)
    day.look(AT_ONCE)
    # Of the first third, in which a page still learns, and of all that comes after.
    young, old = max(heaps[:6]), max(heaps[6:])
    record_property("looks", day.looks)
    record_property("calls", len(day.expected))
    record_property("heap", f"{young:.0f} {old:.0f}")
    assert [ticket for ticket, _seconds in day.screen.watched()] == day.expected and len(day.expected) == CALLS
    assert {round(seconds, 1) for _ticket, seconds in day.screen.watched()} == {SHOWN}
    assert old < young * (1 + GROWTH) + LEARNS
    # Once more for the new build, and at night, in a whole day.
    assert day.studio.seen["/monitor/"] == 2 + (LOOKS * LOOK >= 24 * 3600)
