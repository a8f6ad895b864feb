"""One process at a time is restarted under load, behind nginx: what kiosks, screens and the desk saw of it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.deploy.cluster import Cluster, running
from tests.deploy.screens import Screen, Truth, gaps
from tests.soak import verdict
from tests.soak.book import Book
from tests.soak.people import Caller, Clerk, Kiosk
from tests.waiting import until

KIOSKS, SCREENS = 3, 4
BEGINS_WITHIN, LAST_ANSWERS, SETTLES_WITHIN = 60.0, 30.0, 120.0
# Seconds from the commit to the board on a screen. Most have it within 2, over every restart; the third is for two
# cores that start the process anew and play everybody's part as well.
GAP, P99_GAP = 3.0, 2.0
KILLED = [f"{what} {machine}" for what in ("web", "workers") for machine in (1, 2)]


def run(rounds: int, seed: int, folder: Path) -> dict[str, Any]:
    """So many rounds: each process in turn is asked to end, then each that serves is killed. See Load.summary."""
    with running(folder / "cluster") as cluster:
        load, names = Load(cluster, seed), cluster.names()
        with load.under_way():
            for _round in range(rounds):
                roll(cluster, signal.SIGTERM, names, say)
            # A clerk's button is not pressed again for them: it may have done its work before its process died.
            at_desk = dict(load.desk.repeats)
            for _round in range(rounds):
                roll(cluster, signal.SIGKILL, KILLED, say)
        return {
            "rounds": rounds,
            "seed": seed,
            "ended": rounds * len(names),
            "killed": rounds * len(KILLED),
            **load.summary(at_desk),
        }


class Load:
    """Kiosks, screens and a clerk, all through nginx. What is said at the desk is kept apart from the kiosks'."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster, self.kiosks, self.desk = cluster, Book(), Book()
        topic = cluster.ask("Topic.objects.get(clinic__slug='harbor').name")
        self.ending = threading.Event()
        self.truth = Truth(cluster.database_url, topic, self.ending)
        self.screens = [Screen(cluster, topic, self.ending) for _n in range(SCREENS)]
        self.people: list[KeptKiosk | KeptClerk] = [
            KeptKiosk(cluster, self.kiosks, seed + n) for n in range(KIOSKS)
        ]
        self.people.append(KeptClerk(cluster, self.desk, seed))
        self.before = verdict.truth(cluster)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Begun when the block begins; when it ends, everybody has ended what they were at."""
        for thread in [self.truth, *self.screens, *self.people]:
            thread.start()
        try:
            until(self._has_begun, BEGINS_WITHIN, "the load does not begin")
            yield
        finally:
            self._end()

    def _has_begun(self) -> bool:
        has_all = all(screen.sockets for screen in self.screens)
        return has_all and len(self.kiosks.tickets) >= KIOSKS and len(self.desk.presses) > 0

    def _end(self) -> None:
        for event in (self.kiosks.ending, self.desk.ending):
            event.set()
        for person in self.people:
            person.join(LAST_ANSWERS)
        for event in (self.kiosks.ended, self.desk.ended):
            event.set()
        # The last change has as long as any other.
        time.sleep(GAP)
        self.ending.set()
        for thread in [self.truth, *self.screens]:
            thread.join(15)
        for client in [*self.screens, *self.people]:
            client.http.close()

    def summary(self, at_desk: dict[str, int]) -> dict[str, Any]:
        """Counts, and `problems`, which must be empty. `at_desk`: what a clerk saw fail before the first kill."""
        until(lambda: self.cluster.ask(verdict.OPEN) == 0, SETTLES_WITHIN, "deliveries are still owed")
        waits = sorted(gap for screen in self.screens for gap in gaps(self.truth.versions, screen.shown))
        p99 = waits[len(waits) * 99 // 100]
        problems = [*self._errors(at_desk), *self._lost()]
        if waits[-1] > GAP or p99 > P99_GAP:
            problems.append(f"screens were late: by {waits[-1]:.2f} s, p99 {p99:.2f} s")
        return {
            "check_ins": len(self.kiosks.tickets),
            "moves": len(self.desk.presses),
            "versions": len(self.truth.versions),
            "sockets": [screen.sockets for screen in self.screens],
            "sockets_refused": sum(screen.refused for screen in self.screens),
            "longest_gap": round(waits[-1], 2),
            "p99_gap": round(p99, 2),
            "longest_kiosk_answer": round(self.kiosks.longest, 2),
            "desk_errors": dict(self.desk.repeats),
            "problems": problems[:20],
        }

    def _errors(self, at_desk: dict[str, int]) -> Iterator[str]:
        yield from (f"kiosk: {count} times {what}" for what, count in self.kiosks.repeats.items())
        yield from (f"desk, before any kill: {count} times {what}" for what, count in at_desk.items())
        yield from (f"screen: {error}" for screen in self.screens for error in screen.errors)
        yield from self.desk.odd

    def _lost(self) -> Iterator[str]:
        """The database and the record system, against what kiosks and desk were told."""
        told = Book(
            tried=self.kiosks.tried, tickets=self.kiosks.tickets, presses=self.desk.presses, odd=self.kiosks.odd
        )
        yield from verdict.problems(told, self.before, verdict.truth(self.cluster), self.cluster.records())


def roll(cluster: Cluster, number: signal.Signals, names: list[str], say: Callable[[str], object]) -> None:
    """One after another: ended by this signal, and started again once it is gone."""
    for name in names:
        began = time.monotonic()
        cluster.end(name, number)
        gone = time.monotonic()
        cluster.start(name)
        say(f"{name}: {number.name}, gone in {gone - began:.1f} s, back in {time.monotonic() - gone:.1f} s")


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


class KeptKiosk(Kiosk):
    """One browser of one paired kiosk, which keeps its connections from patient to patient."""

    def __init__(self, cluster: Cluster, book: Book, seed: int) -> None:
        super().__init__(cluster.url, book, seed)
        self.http: httpx.Client = cluster.client("kiosk")

    def another_caller(self) -> Caller:
        return Caller(self.url, self.book, self.http)


class KeptClerk(Clerk):
    """One browser of the desk."""

    def __init__(self, cluster: Cluster, book: Book, seed: int) -> None:
        super().__init__(cluster.url, book, seed, cluster.keys["desk"])
        self.http: httpx.Client = cluster.client()

    def another_caller(self) -> Caller:
        return Caller(self.url, self.book, self.http)
