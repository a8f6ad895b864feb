"""When deliveries to the record systems are first tried, with the vendor black-holed beside the vendor well."""

from __future__ import annotations

from contextlib import ExitStack

from tests.bench import rows
from tests.bench.changes import Schedule
from tests.bench.part import Bench
from tests.bench.remote import Remote
from tests.bench.rows import Row
from tests.bench.stats import best, milliseconds, p50, p99

A_SECOND, WARM_UP = 16.0, 10
WELL, FAULT = "ok", "silent"


def measure(bench: Bench) -> list[Row]:
    """Check-ins alone, with every worker pool of a usual set-up; `make drill` tells the whole story."""
    found: dict[str, list[list[float]]] = {WELL: [], FAULT: []}
    with ExitStack() as stack:
        vendor = stack.enter_context(bench.site.vendor())
        stack.enter_context(bench.site.emr())
        stack.enter_context(bench.site.workers())
        tries = stack.enter_context(bench.site.remote("tests.bench.tries:Tries"))
        for run in range(bench.sizes.runs):
            for mode, runs in found.items():
                bench.say(f"emr: run {run + 1}, vendor {mode}")
                vendor.fault(mode)
                bench.forget_breaker()
                runs.append(_run(bench, tries, run))
    return _rows(bench, found[WELL], found[FAULT])


def _run(bench: Bench, tries: Remote, run: int) -> list[float]:
    schedule = bench.schedule(A_SECOND, 100 + run, bench.sizes.emr_seconds)
    delays(bench, tries, schedule[:WARM_UP])
    return delays(bench, tries, schedule)


def delays(bench: Bench, tries: Remote, schedule: Schedule) -> list[float]:
    """Milliseconds from each check-in's commit to the first try of what its one destination is owed."""
    newest = tries.call("newest")
    commits = [change.at for change in bench.writer.call("check_ins", schedule)]
    return milliseconds(tries.call("delays", newest, commits))


def _rows(bench: Bench, well: list[list[float]], fault: list[list[float]]) -> list[Row]:
    name, rival = "EMR delivery, commit to first try, vendor black-holed", "the same, vendor well"
    bench.method.append(
        f"EMR: {len(well[0])} check-ins a run, {A_SECOND:g} a second, after {WARM_UP} more; best of "
        f"{bench.sizes.runs} runs; by the rows' own stamps; the breaker begins each run knowing nothing."
    )
    return [
        rows.within_noise(f"{name}, p99", best(fault, p99), rival, best(well, p99)),
        rows.reported(f"{name}, p50", best(fault, p50), "ms", rival, best(well, p50)),
    ]
