"""How many probes a silent vendor gets from 16 processes in one half-open period of the breaker."""

from __future__ import annotations

from contextlib import ExitStack

from tests.bench import rows
from tests.bench.part import Bench
from tests.bench.rows import Row
from tests.bench.stats import NotMeasured

SECONDS = 2.0


def measure(bench: Bench) -> list[Row]:
    """Counted by the vendor: its connections. The probe fails, so the period ends with it."""
    found: list[int] = []
    with ExitStack() as stack:
        vendor = stack.enter_context(bench.site.vendor())
        prober = stack.enter_context(bench.site.remote("tests.bench.prober:Prober"))
        vendor.fault("silent")
        for run in range(bench.sizes.runs):
            bench.say(f"probes: run {run + 1}, {bench.sizes.processes} processes")
            bench.fresh()
            state = prober.call("half_open")
            vendor.reset()
            tried = prober.call("race", bench.sizes.processes, SECONDS)
            if (state, prober.call("state")) != ("half-open", "open") or tried < 2:
                raise NotMeasured(f"the breaker was {state} and {tried} processes came to it")
            found.append(len(vendor.seen()["connections"]))
    bench.method.append(
        f"probes: {bench.sizes.processes} processes try to fan out for {SECONDS:g} s from the same moment, the "
        f"most of {len(found)} periods, in the last of which {tried} held the lease; counted as connections by a "
        f"silent vendor. No rival is measured: the usual libraries keep this state in each process."
    )
    return [rows.count(f"probes across {bench.sizes.processes} processes", max(found), "probes", None, None, 1)]
