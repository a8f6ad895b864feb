"""From a job's enqueuing to its first line while low jobs wait, against RQ's worker that forks for each job."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from clinic.running import valkey
from clinic.running.child import Program
from clinic.running.pools import POOLS
from tests.bench import rows
from tests.bench.part import Bench
from tests.bench.remote import Remote
from tests.bench.rows import Row
from tests.bench.stats import NotMeasured, best, milliseconds, p50, p99
from tests.waiting import until

SIZES = ("notices", "general")
WARM_UP = 20
RIVAL = "RQ's forking worker"


@dataclass
class Side:
    """One kind of worker with its own Redis database."""

    enqueuer: Remote
    runs: list[list[float]] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)


def measure(bench: Bench) -> list[Row]:
    """A worker for notices and a general one on each side, busy with low jobs on both."""
    with ExitStack() as stack:
        sides = {
            "ours": Side(stack.enter_context(bench.site.remote("tests.bench.enqueuer:Enqueuer"))),
            "theirs": Side(
                stack.enter_context(bench.site.remote("tests.bench.enqueuer:Enqueuer", **_other(bench)))
            ),
        }
        stack.enter_context(bench.site.workers(",".join(f"{name}=1" for name in SIZES)))
        stack.enter_context(_forking(bench))
        for run in range(bench.sizes.runs):
            for name, side in sides.items():
                bench.say(f"jobs: run {run + 1}, {name}")
                before = side.enqueuer.cpu()
                side.runs.append(_run(bench, side.enqueuer))
                side.spent.append(side.enqueuer.cpu() - before)
    return _rows(bench, **sides)


def _run(bench: Bench, enqueuer: Remote) -> list[float]:
    enqueuer.call("fill", bench.sizes.low_jobs)
    enqueuer.call("run", WARM_UP)
    enqueuer.call("fill", bench.sizes.low_jobs)
    found = milliseconds(enqueuer.call("run", bench.sizes.jobs))
    if not enqueuer.call("waiting"):
        raise NotMeasured("the low jobs had all been done")
    return found


def _other(bench: Bench) -> dict[str, str]:
    """The rival's own database of the same Valkey."""
    return {"REDIS_URL": valkey.url(bench.site.plan.home).removesuffix("/0") + "/1"}


@contextmanager
def _forking(bench: Bench) -> Iterator[None]:
    client = bench.site.redis(1)
    with ExitStack() as stack:
        for pool in SIZES:
            argv = [sys.executable, "-W", "ignore", "-m", "tests.bench.rivals.forking", *POOLS[pool]]
            stack.enter_context(bench.site.running(Program("forking", argv, {**bench.site.env, **_other(bench)})))
        until(lambda: client.scard("rq:workers") >= len(SIZES), 30, "the rival's workers did not register")
        yield


def _rows(bench: Bench, ours: Side, theirs: Side) -> list[Row]:
    sizes, name = bench.sizes, f"job enqueued to begun, {bench.sizes.low_jobs} low jobs waiting"
    bench.method.append(
        f"jobs: {sizes.jobs} jobs one after another, after {WARM_UP} more, best of {sizes.runs} runs; from just "
        f"before it is enqueued until its first line; the low jobs sleep 100 ms each; one worker of notices and "
        f"one general worker on each side, which differ in their kind alone. The enqueuer took "
        f"{ours.spent[-1]:.1f} s of a core for a run beside ours, {theirs.spent[-1]:.1f} s beside theirs."
    )
    mine, others = (lambda what: best(ours.runs, what)), (lambda what: best(theirs.runs, what))
    return [
        rows.sooner(f"{name}, p50", mine(p50), "ms", RIVAL, others(p50), 3),
        rows.reported(f"{name}, p50", mine(p50), "ms", reach=2),
        rows.reported(f"{name}, p99", mine(p99), "ms", RIVAL, others(p99), reach=6),
    ]
