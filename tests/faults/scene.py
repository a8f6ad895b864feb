"""The scene that each row of the table plays: two patients check in, the desk calls the second."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from tests.browser.kiosk_http import TimedCheckIn, timed_check_in
from tests.faults.fan_out import FanOut
from tests.faults.screens import Screens, shown_at, wait_for_live
from tests.faults.table import Row
from tests.stack import Stack
from tests.waiting import until

# Milliseconds. The floor asks each 1.5 s, 20 % more at most; half a second is for the fetch on a busy machine.
SCREEN, FLOOR = 1000, 1500 * 1.2 + 500
# Milliseconds over the healthy median, of all POSTs and of those that write, and at most. No figure of speed: a
# wait for the vendor would show as a second.
NOISE, LONGEST_POST = 150, 1000
# Seconds. A page asks for its stream again after a minute at most: its back-off has full jitter.
SETTLED, CONFIRMED, STREAMS = 10, 10, 65


@dataclass
class Scene:
    """Fills `row` with what it measures."""

    stack: Stack
    screens: Screens
    fan_out: FanOut
    row: Row
    tickets: list[str] = field(default_factory=list)

    def play(self, stream: bool) -> None:
        """Under a fault of the vendor alone. `stream`: whether a page that is opened now gets its stream."""
        counts, jobs = self.fan_out.counts(), self.fan_out.names()
        self.screens.bare.reload()
        self.check_in_alone()
        self.fan_out.settle(SETTLED)
        (job,) = self.fan_out.done_since(jobs)
        self.row.job_seconds, self.row.problem = job.seconds, "; ".join(job.record["problems"])
        if stream:
            wait_for_live(self.screens.bare, "vendor", SETTLED)
        self.check_in_and_call()
        self.row.live = self.screens.live()
        self.fan_out.settle(SETTLED)
        self.row.taken = dict(self.fan_out.counts() - counts)

    def check_in_alone(self) -> None:
        """A patient whom every screen shows."""
        done = self._check_in()
        self.row.shown_bare = shown_at(self.screens.bare, done.ticket, "waiting") - done.pressed

    def check_in_and_call(self) -> None:
        """A patient who is called as soon as the desk shows the card."""
        ticket = self._check_in().ticket
        pressed = self.screens.call(ticket)
        self.row.called = shown_at(self.screens.monitor, ticket, "called") - pressed
        self.row.called_bare = shown_at(self.screens.bare, ticket, "called") - pressed

    def recover(self, check_in: Callable[[], None]) -> None:
        """Ends the fault. `check_in` returns once Ably took a notice again."""
        began = time.monotonic()
        self.stack.fault("ok")
        check_in()
        self.row.ably_seconds = time.monotonic() - began
        self.screens.wait_for_streams(STREAMS)
        self.row.streams_seconds = time.monotonic() - began

    def check_in_by_ably(self) -> None:
        """The very next notice goes by Ably."""
        counts = self.fan_out.counts()
        self._timed_check_in()
        until(lambda: self.fan_out.counts() != counts, CONFIRMED)
        assert dict(self.fan_out.counts() - counts) == {"ably": 1}

    def check_in_until_ably(self) -> None:
        """For when Redis was away: what changes in the second after goes to no job, so patients keep coming."""
        counts = self.fan_out.counts()
        until(lambda: self._one_more_by_ably(counts), CONFIRMED)

    def _one_more_by_ably(self, counts: Counter[str]) -> bool:
        self._timed_check_in()
        self.fan_out.settle(SETTLED)
        return self.fan_out.counts()["ably"] > counts["ably"]

    def send_home(self) -> None:
        """Everybody left: a full screen shows only the first of its rows."""
        for ticket in self.tickets:
            self.screens.send_home(ticket)
        self.fan_out.settle(SETTLED)

    def _check_in(self) -> TimedCheckIn:
        done = self._timed_check_in()
        self.row.posts += done.posts
        self.row.writes.append(done.posts[-1])
        self.row.shown.append(shown_at(self.screens.monitor, done.ticket, "waiting") - done.pressed)
        self.row.at_desk.append(shown_at(self.screens.desk, done.ticket, "waiting") - done.pressed)
        return done

    def _timed_check_in(self) -> TimedCheckIn:
        done = timed_check_in(self.stack)
        self.tickets.append(done.ticket)
        return done


def assert_kiosk_and_screens_right(row: Row, healthy: Row) -> None:
    """In time. `healthy`: the same while all is well."""
    assert median(row.posts) < median(healthy.posts) + NOISE and max(row.posts) < LONGEST_POST, row
    assert median(row.writes) < median(healthy.writes) + NOISE, row
    assert max(*row.shown, *row.at_desk, row.called) < SCREEN, row
    assert max(row.shown_bare, row.called_bare) < FLOOR, row
