"""How many probes a silent vendor gets from 16 processes in one half-open period of the breaker."""

from __future__ import annotations

from contextlib import ExitStack

from tests.bench import rows
from tests.bench.part import Bench
from tests.bench.remote import Remote
from tests.bench.rows import Row
from tests.bench.stats import NotMeasured

SECONDS = 2.0


RIVAL = "a breaker read and written without a lock"


def measure(bench: Bench) -> list[Row]:
    """Counted by the vendor: its connections. The probe fails, so the period ends with it."""
    ours: list[int] = []
    theirs: list[int] = []
    with ExitStack() as stack:
        vendor = stack.enter_context(bench.site.vendor())
        prober = stack.enter_context(bench.site.remote("tests.bench.prober:Prober"))
        vendor.fault("silent")
        for run in range(bench.sizes.runs):
            for kind, found in (("", ours), ("usual_", theirs)):
                whose = "the usual" if kind else "our"
                bench.say(f"probes: run {run + 1}, {bench.sizes.processes} processes, {whose} breaker")
                bench.fresh()
                vendor.reset()
                _period(bench, prober, kind)
                found.append(len(vendor.seen()["connections"]))
    many = bench.sizes.processes
    bench.method.append(
        f"probes: {many} processes try to fan out for {SECONDS:g} s from the same moment, the most of {len(ours)} "
        f"periods; counted as connections by a silent vendor. The rival keeps its state in the same Redis, reads "
        f"it before a call and writes it after one, as libraries with a shared store do, and needs no lease."
    )
    return [rows.count(f"probes across {many} processes", max(ours), "probes", RIVAL, max(theirs), 1)]


def _period(bench: Bench, prober: Remote, kind: str) -> None:
    """One half-open period of this kind's breaker. Raises NotMeasured when it was none."""
    state = prober.call(f"{kind}half_open")
    tried = prober.call(f"{kind}race", bench.sizes.processes, SECONDS)
    if (state, prober.call(f"{kind}state")) != ("half-open", "open") or (not kind and tried < 2):
        raise NotMeasured(f"the breaker was {state} and {tried} processes came to it")
