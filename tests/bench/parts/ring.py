"""What a ring costs the thread that has just committed, and what the gate costs a vendor request."""

from __future__ import annotations

from contextlib import ExitStack

from tests.bench import rows
from tests.bench.part import Bench
from tests.bench.rows import Row
from tests.bench.stats import best, milliseconds, p50, p99

WARM_UP = 20
DOCUMENTED = "async_to_sync(group_send)"
# A publish is a hundred times as long as the rest: fewer of them do.
FEWER = 10


def measure(bench: Bench) -> list[Row]:
    """All in one process, one after another."""
    held: list[list[float]] = []
    told: list[list[float]] = []
    sends, asks, publishes = list[list[float]](), list[list[float]](), list[list[float]]()
    with ExitStack() as stack:
        stack.enter_context(bench.site.vendor())
        ringer = stack.enter_context(bench.site.remote("tests.bench.ringer:Ringer"))
        for method in ("rings", "sends", "asks", "publishes"):
            ringer.call(method, WARM_UP)
        for run in range(bench.sizes.runs):
            bench.say(f"ring: run {run + 1}")
            for runs, one in zip((held, told), ringer.call("rings", bench.sizes.calls), strict=True):
                runs.append(milliseconds(one))
            sends.append(milliseconds(ringer.call("sends", bench.sizes.calls)))
            asks.append(milliseconds(ringer.call("asks", bench.sizes.calls)))
            publishes.append(milliseconds(ringer.call("publishes", bench.sizes.calls // FEWER)))
    _say_how(bench)
    return [*_rings(held, told, sends), *_asks(asks, publishes)]


def _rings(held: list[list[float]], told: list[list[float]], sends: list[list[float]]) -> list[Row]:
    name = "ring on commit, for the committing thread"
    return [
        rows.sooner(f"{name}, p50", best(held, p50), "ms", DOCUMENTED, best(sends, p50), 4),
        rows.reported(f"{name}, p99", best(held, p99), "ms", DOCUMENTED, best(sends, p99), reach=0.5),
        rows.reported("ring until Redis has it, p50", best(told, p50), "ms", DOCUMENTED, best(sends, p50)),
    ]


def _asks(asks: list[list[float]], publishes: list[list[float]]) -> list[Row]:
    name, rival = "gate and breaker for one vendor request", "that request, vendor on loopback"
    return [rows.reported(f"{name}, p50", best(asks, p50), "ms", rival, best(publishes, p50))]


def _say_how(bench: Bench) -> None:
    calls = bench.sizes.calls
    bench.method.append(
        f"rings, gate: {calls} of each, {calls // FEWER} vendor requests, after {WARM_UP} more, best of "
        f"{bench.sizes.runs} runs, in one process that has a hub; a ring includes marking its topic for "
        f"the fan-out, which the rival does not do."
    )
