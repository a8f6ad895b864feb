"""Kills and freezes processes of a real Evenkeel under load, at random moments; then holds it to what it said."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from realtime.breaker import Breaker
from tests.browser.people import Patient, log_in, open_monitor, wait_for_row
from tests.chromium import chromium
from tests.own_postgres import database
from tests.soak import verdict
from tests.soak.book import Book
from tests.soak.people import Caller, Clerk, Kiosk, Person, check_in
from tests.soak.victims import FROZEN, Hand, deck, processes
from tests.stack import Stack, running
from tests.waiting import comes, until

KIOSKS, CLERKS = 3, 2
BEGINS_WITHIN, LAST_ANSWERS = 60.0, 60.0
# The lease of a dead worker's delivery, the sweep, and the waits of one that failed a few times.
SETTLES_WITHIN = 180.0
SHOWN_WITHIN = 20.0
# A notice that waits for the sweep, and its try.
ASKED_AGAIN = 10.0
# The breaker's longest time, and its jitter.
ASKED_WITHIN = 150.0
ON_SITE = {"waiting", "called", "stepped_out", "roomed"}


def run(kills: int, seed: int, pace: float, *, on_postgres: bool = False) -> dict[str, Any]:
    """The summary of one run: counts, and `problems`, which must be empty. `pace`: mean seconds between kills."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="evenkeel-kills-", ignore_cleanup_errors=True) as folder,
        database(on_postgres) as url,
        running(Path(folder) / "home", database_url=url) as stack,
        chromium() as browser,
    ):
        summary = Run(stack, browser, seed).all(kills, pace)
    on = "PostgreSQL" if on_postgres else "SQLite"
    return {"kills": kills, "seed": seed, "on": on, **summary, "seconds": round(time.monotonic() - began, 1)}


class Run:
    """One stack, its screens, its load, and the hand that kills."""

    def __init__(self, stack: Stack, browser: Browser, seed: int) -> None:
        self.stack, self.seed = stack, seed
        self.random = random.Random(seed)
        self.book, self.hand = Book(), Hand(stack, random.Random(seed + 1))
        self.wanted = {name: len(pids) for name, pids in processes(stack).items() if name}
        self.before = verdict.truth(stack)
        self.monitor = open_monitor(browser.new_context(), stack)
        self.desk = log_in(browser.new_context(), stack, "desk", "/desk/")

    def all(self, kills: int, pace: float) -> dict[str, Any]:
        """Load, kills, end of load, peace, verdict."""
        people = self._people()
        for person in people:
            person.start()
        self.found: list[str] = []
        try:
            self._wait_for_load()
            self._kill(kills, pace)
        except AssertionError as error:
            self.found.append(str(error))
        finally:
            self._end_load(people)
        settled = self._settle()
        return self._summary(settled)

    def _people(self) -> list[Person]:
        url, login = self.stack.url, self.stack.found["login"]["desk"]
        kiosks: list[Person] = [Kiosk(url, self.book, self.seed + n) for n in range(KIOSKS)]
        return kiosks + [Clerk(url, self.book, self.seed + 100 + n, login) for n in range(CLERKS)]

    def _wait_for_load(self) -> None:
        """A process that is killed before anybody did anything loses nothing."""
        book = self.book
        until(
            lambda: min(len(book.tickets), len(book.presses)) >= KIOSKS, BEGINS_WITHIN, "the load does not begin"
        )

    def _kill(self, kills: int, pace: float) -> None:
        for number, name in zip(range(1, kills + 1), deck(self.random), strict=False):
            time.sleep(min(self.random.expovariate(1 / pace), 5 * pace))
            self._strike(name)
            told, moved, odd = len(self.book.tickets), len(self.book.presses), len(self.book.odd)
            _say(f"{number} of {kills} killed; {told} checked in, {moved} moves, {odd} odd; now {name}")

    def _strike(self, name: str) -> None:
        """Some kills follow a freeze, and half of the workers die while the record system keeps them waiting."""
        if name == "worker" and self.random.random() < 0.5:
            self.hand.freeze("emr", at_least=2)
            time.sleep(self.random.uniform(0.5, 1.5))
            return self.hand.kill(self.random.choice(["worker integrations", "worker general"]))
        if self.random.random() < 0.3:
            self.hand.freeze(self.random.choice(FROZEN))
        return self.hand.kill(name)

    def _end_load(self, people: list[Person]) -> None:
        """Nobody begins anything new; what is under way gets its answer."""
        self.hand.thaw_all()
        self.book.ending.set()
        end = time.monotonic() + LAST_ANSWERS
        for person in people:
            person.join(max(0.0, end - time.monotonic()))
        self.book.ended.set()
        for person in people:
            person.join(10)

    def _settle(self) -> float:
        """Waits until every process is there and nothing is owed. Returns the seconds it took."""
        began = time.monotonic()
        try:
            self.hand.wait_for_all(self.wanted)
            until(lambda: self.stack.ask(verdict.OPEN) == 0, SETTLES_WITHIN, "deliveries are still owed")
        except AssertionError as error:
            self.found.append(str(error))
        return round(time.monotonic() - began, 1)

    def _summary(self, settled: float) -> dict[str, Any]:
        self.found += verdict.idle(self.book, self.hand.killed())
        self._one_more()
        now, records = verdict.truth(self.stack), self.stack.records()
        problems = [*self.found, *verdict.problems(self.book, self.before, now, records), *self._screens(now)]
        return {
            "done": dict(sorted(self.hand.counts.items())),
            "killed": self.hand.killed(),
            "check_ins": len(self.book.tickets),
            "moves": len(self.book.presses),
            "deliveries": len(now.deliveries),
            "arrived_again": sum(one["times"] > 1 for one in records["received"]),
            "asked_again": dict(self.book.repeats),
            "longest_without_answer": round(self.book.longest, 1),
            "settled_after": settled,
            "lost": len(problems),
            "problems": problems[:20],
        }

    def _one_more(self) -> None:
        """After all of it, a check-in reaches the screen, the record system and the vendor as on the first day."""
        sent = self._by_vendor()
        try:
            # A breaker that a killed vendor opened is tried again by a notice only, and a try may fail, too, where
            # the machine has no time: patients keep coming.
            until(lambda: self._one_by_vendor(sent), ASKED_WITHIN, "no notice goes by the vendor any more")
            until(lambda: self.stack.ask(verdict.OPEN) == 0, SHOWN_WITHIN, "no delivery arrives any more")
        except Exception as error:
            self.found.append(f"not well at the end: {error}"[:300])

    def _one_by_vendor(self, sent: int) -> bool:
        """Whether, after one more check-in, more than so many notices have gone by the vendor."""
        until(lambda: Breaker(self.stack.redis()).peek().state != "open", ASKED_WITHIN, "the breaker stays open")
        (ticket,) = check_in(self.stack.url, self.book, [Patient()])
        wait_for_row(self.monitor, ticket, "waiting", SHOWN_WITHIN)
        return comes(lambda: self._by_vendor() > sent, ASKED_AGAIN)

    def _by_vendor(self) -> int:
        counts: Any = self.stack.redis().hgetall("evenkeel:notices")
        return sum(int(value) for key, value in counts.items() if key.startswith(b"ably:"))

    def _screens(self, now: verdict.Truth) -> Iterator[str]:
        """Those that were open throughout, and one that is opened now, against the database."""
        fresh = Caller(self.stack.url, self.book).get("/monitor/board/").text
        yield from verdict.wrong_rows(
            "a fresh wait-room screen", [*map(list, verdict.ROW.findall(fresh))], now.board
        )
        for name, page in (("the wait-room screen", self.monitor), ("the desk", self.desk)):
            try:
                expect(page.locator("[data-version]").first).to_have_attribute(
                    "data-version", str(now.version), timeout=SHOWN_WITHIN * 1000
                )
            except AssertionError:
                yield f"{name} is at version {page.locator('[data-version]').first.get_attribute('data-version')}"
        yield from verdict.wrong_rows("the wait-room screen", _rows(self.monitor), now.board)
        here = [[ticket, state] for _id, _name, ticket, state in now.visits if state in ON_SITE]
        cards = sorted(row for row in _rows(self.desk) if row[1] in ON_SITE)
        yield from verdict.wrong_rows("the desk", cards, sorted(here))


def _rows(page: Page) -> verdict.Rows:
    rows: verdict.Rows = page.locator("[data-board] [data-ticket]").evaluate_all(verdict.ROWS_IN_PAGE)
    return rows


def _say(what: str) -> None:
    print(f"\r{what}\033[K", end="", file=sys.stderr, flush=True)
