"""From the commit of a check-in to its row on the clinic's screens: when all is well, and under a fault."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.bench import rows
from tests.bench.changes import Change, Schedule
from tests.bench.clients.screens import Shown
from tests.bench.part import Bench
from tests.bench.remote import Remote
from tests.bench.rows import Row
from tests.bench.site import Served, Vendor
from tests.bench.stats import best, milliseconds, p50, p99
from tests.websocket import Place

A_SECOND = 5.0
WARM_UP = 10
FAULTS = ("silent", "slow_503")
# Of these the median alone is told.
MORE_FAULTS = ("refuse", "drip", "rate_limited")
FLOOR, RIVAL = "floor", "bare Redis, socket and view"
NAME = "check-in to its row on a screen"


@dataclass
class Side:
    """One server with screens open. `method`: of the writer, which makes its changes."""

    served: Served
    screens: Remote
    method: str


@dataclass
class Taken:
    """Milliseconds by run, and the shares of a core that the client and the writer took."""

    runs: list[list[float]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    writers: list[float] = field(default_factory=list)


def measure(bench: Bench) -> list[Row]:
    """Each run: the floor, the product, and the product under each fault; the same changes for all."""
    cases = (FLOOR, "ok", *FAULTS, *MORE_FAULTS)
    found = {case: Taken() for case in cases}
    with ExitStack() as stack:
        vendor = stack.enter_context(bench.site.vendor())
        stack.enter_context(bench.site.emr())
        stack.enter_context(bench.site.workers())
        floor = _side(bench, stack, stack.enter_context(bench.site.other("tests.bench.rivals.bare:application")))
        ours = _side(bench, stack, stack.enter_context(bench.site.web()), "/monitor/board/")
        for run in range(bench.sizes.runs):
            for case in cases:
                bench.say(f"screens: run {run + 1}, {case}")
                side, other = (floor, ours) if case == FLOOR else (ours, floor)
                with side.served.alone(other.served):
                    _set(bench, vendor, case)
                    _run(bench, side, bench.schedule(A_SECOND, run, bench.sizes.seconds), found[case])
        vendor.fault("ok")
    return _rows(bench, found)


def _side(bench: Bench, stack: ExitStack, served: Served, fetch: str = "/") -> Side:
    screens = stack.enter_context(Remote("tests.bench.clients.screens:Screens"))
    bench.say(f"screens: opening {len(bench.clinics)} x {bench.sizes.screens} at {fetch}")
    places = [Place(served.port, one.topic, one.cookie, fetch) for one in bench.clinics]
    screens.call("open", places, bench.sizes.screens)
    return Side(served, screens, "publish" if fetch == "/" else "check_ins")


def _set(bench: Bench, vendor: Vendor, case: str) -> None:
    """The breaker begins each case knowing nothing: else it would spare the next one."""
    vendor.fault("ok" if case == FLOOR else case)
    bench.forget_breaker()


def _run(bench: Bench, side: Side, schedule: Schedule, taken: Taken) -> None:
    bench.writer.call(
        side.method, [(n / A_SECOND / 4, place) for n, (_at, place) in enumerate(schedule[:WARM_UP])]
    )
    side.screens.call("begin")
    began, spent = time.monotonic(), bench.writer.cpu()
    changes: list[Change] = bench.writer.call(side.method, schedule)
    took, writers = time.monotonic() - began, bench.writer.cpu() - spent
    shown: Shown = side.screens.call("shown", changes)
    taken.runs.append(milliseconds(shown.delays))
    taken.shares.append(shown.cpu / took)
    taken.writers.append(writers / took)


def _rows(bench: Bench, found: dict[str, Taken]) -> list[Row]:
    ours, floor = found["ok"], found[FLOOR]
    _say_how(bench, ours)
    return [
        rows.at_most(f"{NAME}, p50", best(ours.runs, p50), "ms", RIVAL, best(floor.runs, p50), 2),
        rows.reported(f"{NAME}, p50", best(ours.runs, p50), "ms", reach=30),
        rows.reported(f"{NAME}, p99", best(ours.runs, p99), "ms", RIVAL, best(floor.runs, p99), reach=150),
        *(row for mode in FAULTS for row in _under_fault(mode, found[mode], ours)),
        *(_under_fault(mode, found[mode], ours)[0] for mode in MORE_FAULTS),
    ]


def _under_fault(mode: str, fault: Taken, well: Taken) -> list[Row]:
    name, rival = f"{NAME}, vendor {mode}", "the same, vendor well"
    return [
        rows.within_noise(f"{name}, p50", best(fault.runs, p50), rival, best(well.runs, p50)),
        rows.reported(f"{name}, p99", best(fault.runs, p99), "ms", rival, best(well.runs, p99)),
    ]


def _say_how(bench: Bench, ours: Taken) -> None:
    sizes = bench.sizes
    bench.method.append(
        f"check-in to screen: {len(bench.clinics)} clinics x {sizes.screens} screens, {A_SECOND:g} changes "
        f"a second at random clinics for {sizes.seconds:g} s after {WARM_UP} more, in each of {sizes.runs} runs "
        f"({len(ours.runs[0])} samples a run); from the commit until the ticket stands in the board that the "
        f"screen got; with workers, EMR and vendor. The client took {p50(ours.shares):.0%} of a core, the writer "
        f"{p50(ours.writers):.0%}."
    )
