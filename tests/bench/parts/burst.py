"""How many requests the vendor gets for 1,000 changes within a second, against one request a change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from realtime.dirty import CLAIM, DIRTY, JOB_QUEUE, LEASE
from tests.bench import rows
from tests.bench.part import Bench
from tests.bench.rows import Row
from tests.bench.site import Vendor
from tests.bench.stats import NotMeasured
from tests.waiting import until

MOST, SETTLED = 20, 30


@dataclass(frozen=True)
class Burst:
    """What the vendor got for one burst, and the seconds in which it was committed."""

    requests: int
    seconds: float

    @property
    def most(self) -> int:
        """Twenty for a second's changes; a machine that takes longer has that much more time for requests."""
        return int(MOST * max(1.0, self.seconds))


def measure(bench: Bench) -> list[Row]:
    """Counted by the vendor itself, which must have got the newest version of every topic."""
    many = bench.sizes.changes
    with ExitStack() as stack:
        vendor = stack.enter_context(bench.site.vendor())
        stack.enter_context(bench.site.workers())
        found: list[Burst] = []
        for run in range(bench.sizes.runs):
            bench.say(f"burst: run {run + 1}, {many} changes")
            found.append(_burst(bench, vendor))
        bench.say(f"burst: {many} requests, one a change")
        vendor.reset()
        naive_seconds = bench.writer.call("naive", many)
        naive = vendor.publishes()
    worst = max(found, key=lambda burst: burst.requests / burst.most)
    bench.method.append(
        f"vendor requests: {many} changes over {len(bench.clinics)} clinics, committed one by one within "
        f"{worst.seconds:.2f} s (the goal is {MOST} for each second), the worst of {len(found)} bursts; after "
        f"each the vendor had the newest version of every topic; the naive way took {naive_seconds:.1f} s for its "
        f"requests."
    )
    name = f"vendor requests for {many:,} changes"
    return [rows.count(name, worst.requests, "requests", "one a change", naive, worst.most)]


def _burst(bench: Bench, vendor: Vendor) -> Burst:
    bench.forget_breaker()
    vendor.reset()
    seconds = bench.writer.call("burst", bench.sizes.changes)
    _settle(bench)
    told, newest = last_published(vendor.seen()["requests"]), bench.writer.call("versions")
    if told != newest:
        wrong = sum(told.get(name) != version for name, version in newest.items())
        raise NotMeasured(f"the vendor has not the newest version of {wrong} of {len(newest)} topics")
    return Burst(vendor.publishes(), seconds)


def last_published(requests: Iterable[dict[str, Any]]) -> dict[str, int]:
    """The last version of each topic that these requests told the vendor."""
    items = [item for one in requests if one["method"] == "POST" for item in json.loads(one["body"])]
    return {item["channels"][0].removeprefix("evenkeel:"): int(item["messages"][0]["data"]) for item in items}


def _settle(bench: Bench) -> None:
    """Every change has been sent."""
    client = bench.site.redis()
    until(lambda: not client.exists(DIRTY, CLAIM, LEASE, JOB_QUEUE), SETTLED, "the fan-out did not come to rest")
