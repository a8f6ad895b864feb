"""What one of each costs, in processor time and memory: the figures under docs/deploy/sizing.md.

`python -m tests.bench.sizing`. A machine that is busy with other things takes longer for each, not more of it: so
processor time is counted, of our processes and of PostgreSQL's, and not the time on the clock.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from tests.browser.people import Patient
from tests.deploy.cluster import Cluster, running
from tests.soak import verdict
from tests.soak.book import Book
from tests.soak.people import Caller, check_in_by
from tests.waiting import until

CHECK_INS, FETCHES = 40, 300


class Spent:
    """Processor seconds of the process named and its children; of all of PostgreSQL for "postgres"."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def of(self, name: str) -> float:
        if name == "postgres":
            (folder,) = parse_qs(urlsplit(self.cluster.database_url).query)["host"]
            return sum(_seconds(one) for one in psutil.process_iter() if _is_postgres(one, folder))
        first = psutil.Process(self.cluster.pid(name))
        return sum(_seconds(one) for one in [first, *first.children(recursive=True)])

    def by(self, act: Callable[[], object], times: int, *names: str) -> list[float]:
        """Milliseconds a time, of each name."""
        before = [self.of(name) for name in names]
        act()
        return [round((self.of(name) - was) * 1000 / times, 1) for name, was in zip(names, before, strict=True)]


def measure(cluster: Cluster) -> dict[str, object]:
    """Of machine 1; the other does nothing meanwhile."""
    for name in ("web 2", "workers 2", "cron 2"):
        cluster.end(name)
    spent, found = Spent(cluster), dict[str, object]()
    # What is made once, at the first use.
    _check_in(cluster, 5)
    names = ("web 1", "workers 1", "postgres")
    found["check-in, three deliveries: web, workers, PostgreSQL, ms"] = spent.by(
        lambda: _check_in(cluster, CHECK_INS), CHECK_INS, *names
    )
    found["whole board: web, PostgreSQL, ms"] = spent.by(
        lambda: _fetch(cluster, etag=False), FETCHES, "web 1", "postgres"
    )
    found["board that is known: web, PostgreSQL, ms"] = spent.by(
        lambda: _fetch(cluster, etag=True), FETCHES, "web 1", "postgres"
    )
    found["memory, MB"] = {name: _megabytes(cluster.pid(name)) for name in ("web 1", "workers 1", "cron 1")}
    found["a worker, MB"] = _megabytes(psutil.Process(cluster.pid("workers 1")).children()[0].pid)
    return found


def _check_in(cluster: Cluster, times: int) -> None:
    with cluster.client("kiosk") as http:
        for _n in range(times):
            check_in_by(Caller(cluster.url, Book(), http), [Patient()])
    until(lambda: cluster.ask(verdict.OPEN) == 0, 120)


def _fetch(cluster: Cluster, *, etag: bool) -> None:
    with cluster.client("monitor") as http:
        known = {"If-None-Match": http.get("/monitor/board/").headers["ETag"]} if etag else {}
        for _n in range(FETCHES):
            assert http.get("/monitor/board/", headers=known).status_code == (304 if etag else 200)


def _seconds(process: psutil.Process) -> float:
    try:
        used = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(used.user + used.system)


def _is_postgres(process: psutil.Process, folder: str) -> bool:
    """Of this folder: another may run beside it."""
    try:
        return process.name() == "postgres" and process.cwd() == folder
    except psutil.Error:
        return False


def _megabytes(pid: int) -> int:
    """Of its own: what it shares with no other process."""
    return int(psutil.Process(pid).memory_full_info().uss / 1e6)


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="evenkeel-sizing-", ignore_cleanup_errors=True) as name,
        running(Path(name) / "cluster") as started,
    ):
        print(json.dumps(measure(started), indent=1))
