"""How many requests the vendor gets for 1,000 changes within a second, against one request a change."""

from __future__ import annotations

from contextlib import ExitStack

from realtime.dirty import CLAIM, DIRTY, JOB_QUEUE, LEASE
from tests.bench import rows
from tests.bench.part import Bench
from tests.bench.rows import Row
from tests.waiting import until

MOST, SETTLED = 20, 30


def measure(bench: Bench) -> list[Row]:
    """Counted by the vendor itself."""
    many = bench.sizes.changes
    with ExitStack() as stack:
        vendor = stack.enter_context(bench.site.vendor())
        stack.enter_context(bench.site.workers())
        found: list[tuple[int, float]] = []
        for run in range(bench.sizes.runs):
            bench.say(f"burst: run {run + 1}, {many} changes")
            vendor.reset()
            seconds = bench.writer.call("burst", many)
            _settle(bench)
            found.append((vendor.publishes(), seconds))
        bench.say(f"burst: {many} requests, one a change")
        vendor.reset()
        naive_seconds = bench.writer.call("naive", many)
        naive = vendor.publishes()
    asked, seconds = max(found)
    bench.method.append(
        f"vendor requests: {many} changes over {len(bench.clinics)} clinics, committed one by one within "
        f"{seconds:.2f} s, the worst of {len(found)} bursts; the naive way took {naive_seconds:.1f} s "
        f"for its requests."
    )
    return [rows.count(f"vendor requests for {many:,} changes", asked, "requests", "one a change", naive, MOST)]


def _settle(bench: Bench) -> None:
    """Every change has been sent."""
    client = bench.site.redis()
    until(lambda: not client.exists(DIRTY, CLAIM, LEASE, JOB_QUEUE), SETTLED, "the fan-out did not come to rest")
