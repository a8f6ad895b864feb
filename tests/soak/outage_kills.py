"""Whatever brings a visit's messages to other systems is killed under load, at random; then all must be there.

Killed are the workers, the sweep, Valkey, the record systems themselves, and, on PostgreSQL, the connections to
the database. Between the kills the record systems fail in their own ways: they take a message and hang up, say
nothing, or refuse. The waits of the engine are short here, or a run would mostly wait.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.own_postgres import database
from tests.soak import verdict
from tests.soak.book import Book
from tests.soak.kills import BEGINS_WITHIN, LAST_ANSWERS
from tests.soak.people import Clerk, Kiosk, Person
from tests.soak.victims import BACK_WITHIN, Hand, processes
from tests.stack import Stack, running
from tests.waiting import until

KILLED = ["worker", "worker", "cron", "valkey", "emr"]
CONNECTIONS = "connections"
FAULTS = ["lost", "silent", "close", "cut", "refuse", "pieces"]
PATCHES = "short_leases,short_waits"
SECONDS = 2
SETTLES_WITHIN = 90.0


def run(kills: int, seed: int, pace: float, *, on_postgres: bool = False) -> dict[str, Any]:
    """The summary of one run: counts, and `problems`, which must be empty. `pace`: mean seconds between kills."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="evenkeel-outages-", ignore_cleanup_errors=True) as folder,
        database(on_postgres) as url,
        _patched(),
        running(Path(folder) / "home", database_url=url) as stack,
    ):
        summary = Run(stack, seed).all(kills, pace)
    on = "PostgreSQL" if on_postgres else "SQLite"
    return {"kills": kills, "seed": seed, "on": on, **summary, "seconds": round(time.monotonic() - began, 1)}


class Run:
    """One stack, its load, and the hand that kills."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack, self.random = stack, random.Random(seed)
        self.book, self.hand = Book(), Hand(stack, random.Random(seed + 1))
        self.done: Counter[str] = Counter()
        self.wanted = {name: len(pids) for name, pids in processes(stack).items() if name}
        stack.ask(f"Destination.objects.update(seconds={SECONDS})")
        self.before = verdict.truth(stack)
        login = stack.found["login"]["desk"]
        # Many moves of few visits: so several messages of one visit are owed when something dies.
        self.people: list[Person] = [Kiosk(stack.url, self.book, seed)]
        self.people += [Clerk(stack.url, self.book, seed + n, login) for n in range(1, 4)]

    def all(self, kills: int, pace: float) -> dict[str, Any]:
        """Load, kills, end of load, peace, verdict."""
        problems: list[str] = []
        for person in self.people:
            person.start()
        try:
            until(lambda: self.book.tickets and self.book.presses, BEGINS_WITHIN, "the load does not begin")
            self._kill(kills, pace)
        except AssertionError as error:
            problems.append(str(error))
        finally:
            self._end_load()
        # Several kills a second may fall between two check-ins of one kiosk.
        problems += [*self._settle(), *verdict.idle(self.book, kills // 3)]
        now, records = verdict.truth(self.stack), self.stack.records()
        problems += verdict.problems(self.book, self.before, now, records)
        return {
            "done": dict(sorted(self.done.items())),
            "check_ins": len(self.book.tickets),
            "moves": len(self.book.presses),
            "deliveries": len(now.deliveries),
            "arrived_again": sum(one["times"] > 1 for one in records["received"]),
            "lost": len(problems),
            "problems": problems[:20],
        }

    def _kill(self, kills: int, pace: float) -> None:
        for _number in range(kills):
            time.sleep(min(self.random.expovariate(1 / pace), 3 * pace))
            if self.random.random() < 0.5:
                self._fail()
            name = self.random.choice(KILLED + [CONNECTIONS] * bool(self.stack.database_url))
            if name == CONNECTIONS:
                self._cut_database()
            else:
                self.hand.kill(name)
            self.done[name] += 1

    def _fail(self) -> None:
        """One of the record systems, or all, for a while; once it is there to be told."""
        order = {"mode": self.random.choice(FAULTS), "seconds": self.random.uniform(1.0, 5.0)}
        order["for"] = self.random.choice(["all", "http", "mllp"])
        until(lambda: self._tell(order), BACK_WITHIN, "the record systems do not come back")
        self.done[f"fault {order['mode']}"] += 1

    def _tell(self, order: dict[str, Any]) -> bool:
        """Whether the record systems heard it."""
        port = json.loads((self.stack.home / "demo.json").read_text())["emr_ports"]["control"]
        try:
            httpx.post(f"http://127.0.0.1:{port}/__fault", json=order, timeout=2).raise_for_status()
        except httpx.TransportError:
            return False
        return True

    def _cut_database(self) -> None:
        """The connections of one role: as the server would end them in a restart."""
        with psycopg.connect(self.stack.database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )

    def _end_load(self) -> None:
        self.book.ending.set()
        end = time.monotonic() + LAST_ANSWERS
        for person in self.people:
            person.join(max(0.0, end - time.monotonic()))
        self.book.ended.set()
        for person in self.people:
            person.join(10)

    def _settle(self) -> Iterator[str]:
        """Every process is there again, and nothing is owed."""
        try:
            self.hand.wait_for_all(self.wanted)
            until(lambda: self._tell({"mode": "ok"}), SETTLES_WITHIN, "the record systems do not come back")
            until(lambda: self.stack.ask(verdict.OPEN) == 0, SETTLES_WITHIN, "deliveries are still owed")
        except AssertionError as error:
            yield str(error)


@contextmanager
def _patched() -> Iterator[None]:
    before = os.environ.get("TEST_PATCHES", "")
    os.environ["TEST_PATCHES"] = PATCHES
    try:
        yield
    finally:
        os.environ["TEST_PATCHES"] = before
