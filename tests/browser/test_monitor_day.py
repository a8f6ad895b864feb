"""A day of a wait-room screen on a clock of the test's: looks, calls, and every part of the network lost and back.

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

LOOKS = int(os.environ.get("DAY_LOOKS", "240"))
CALLS = int(os.environ.get("DAY_CALLS", "8"))
SEED = int(os.environ.get("DAY_SEED", "7"))
# Seconds: between two looks; of a call; for which each part is away; until the page is live again.
LOOK, SHOWN, AWAY, BACK = 3, 10, 45, 45
# Of the heap, over the day; and bytes that a page which is a quarter of an hour old still learns.
GROWTH, LEARNS = 0.10, 500_000 if LOOKS < 10_000 else 0


@dataclass
class Day:
    """What happens to one screen. `announced`: tickets with the seconds for which each filled the screen."""

    screen: Screen
    random: Random = field(default_factory=lambda: Random(SEED))
    announced: list[tuple[str, float]] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    looks: int = 0
    shown: str = ""

    @property
    def studio(self) -> Studio:
        return self.screen.studio

    def look(self, seconds: float = LOOK) -> None:
        """Time passes in halves of a second, in which we watch who is announced."""
        self.looks += 1
        if self.studio.up and self.studio.socket_up:
            self.studio.tell()
        steps = 6 if self.is_calling else 1
        for _step in range(steps):
            self.screen.pass_time(seconds / steps)
            self._watch(seconds / steps)

    @property
    def is_calling(self) -> bool:
        return len(self.announced) < len(self.expected) or self.shown != ""

    def _watch(self, seconds: float) -> None:
        self.shown = ticket = self.screen.announced
        if not ticket:
            return
        if self.announced and self.announced[-1][0] == ticket:
            self.announced[-1] = (ticket, self.announced[-1][1] + seconds)
        else:
            self.announced.append((ticket, seconds))

    def call(self) -> None:
        """The next one; who was called a while ago goes in."""
        ticket = f"{'ABCDEFGH'[len(self.expected) // 90 % 8]}{10 + len(self.expected) % 90}"
        self.expected.append(ticket)
        for row in self.studio.called[6:]:
            self.studio.room(row.ticket)
        self.studio.call(ticket, language=self.random.choice(["en", "es", "vi"]))

    def is_live(self, paths: tuple[str, ...]) -> bool:
        return self.screen.page.locator("[data-topic]").get_attribute("data-live") in paths

    def until_live(self, *paths: str) -> None:
        for _look in range(BACK // LOOK):
            if self.is_live(paths):
                return
            self.look()
        raise AssertionError(f"not {paths} within {BACK} s")


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
        if look == AWAY // LOOK // 2 and len(day.expected) < CALLS:
            day.call()
        day.look()
    assert day.is_live((path,)), (lose.__name__, path)
    assert day.screen.page.locator("[data-topic]").count() == 1
    studio.up = studio.socket_up = studio.vendor_up = True
    studio.broken = False
    day.until_live("both")


def heap(devtools: CDPSession) -> float:
    """Bytes that the page's scripts hold, once what nobody holds is gone."""
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"])


def test_day_of_a_screen(
    day: Day, context: BrowserContext, record_property: Callable[[str, object], None]
) -> None:
    devtools = context.new_cdp_session(day.screen.page)
    day.until_live("both")
    heaps: list[float] = []
    losses = {LOOKS * (place + 1) // 6: loss for place, loss in enumerate(LOSSES)}
    every = max(1, LOOKS // CALLS)
    for look in range(LOOKS):
        if look and look % (LOOKS // 20) == 0:
            heaps.append(heap(devtools))
            print(f"look {look}, call {len(day.announced)}, {heaps[-1] / 1e6:.2f} MB", file=sys.stderr, flush=True)
        if look % every == every // 2 and len(day.expected) < CALLS:
            day.call()
        if look in losses:
            lose_and_find(day, *losses[look])
        day.look()
    while day.is_calling:
        day.look()
    record_property("looks", day.looks)
    # Of the first third, in which a page still learns, and of all that comes after.
    young, old = max(heaps[:6]), max(heaps[6:])
    record_property("heap", f"{young:.0f} {old:.0f}")
    assert [ticket for ticket, _seconds in day.announced] == day.expected and len(day.expected) == CALLS
    assert {round(seconds) for _ticket, seconds in day.announced} == {SHOWN}
    assert old < young * (1 + GROWTH) + LEARNS
