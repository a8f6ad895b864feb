"""How fast a backlog drains, what a delivery costs, and whom it disturbs; beside the bare protocols."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psutil

from tests.bench import rows
from tests.bench.part import Bench
from tests.bench.parts import emr
from tests.bench.remote import Remote
from tests.bench.rows import Row
from tests.bench.site import RecordSystem
from tests.bench.stats import NotMeasured, best, milliseconds, p50, p99

KINDS = {"webhook": "webhook", "fhir": "FHIR", "hl7": "HL7 over MLLP"}
LEAST, A_SECOND, WARM_UP = 50.0, 8.0, 10
RIVAL = "the bare protocol"


@dataclass
class Kind:
    """Of each run: seconds from the start to the last message, and processor seconds. Those of the rival."""

    took: list[float] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)
    bare_took: list[float] = field(default_factory=list)
    bare_spent: list[float] = field(default_factory=list)


@dataclass
class Cast:
    """Who plays: who owes, the bare protocol, and the record system."""

    owed: Remote
    bare: Remote
    system: RecordSystem


def measure(bench: Bench) -> list[Row]:
    """Backlogs on one worker first; then with every worker of a usual set-up, beside check-ins elsewhere."""
    with ExitStack() as stack:
        cast = Cast(
            stack.enter_context(bench.site.remote("tests.bench.owed:Owed")),
            stack.enter_context(bench.site.remote("tests.bench.rivals.calls:Calls")),
            stack.enter_context(bench.site.emr()),
        )
        bench.say("deliveries: writing what is owed")
        cast.owed.call("seed", _longest(bench), bench.site.plan.emr_addresses, bench.site.plan.emr_secret)
        check_ins = [_check_ins(bench, cast) for _run in range(bench.sizes.runs)]
        kinds = _kinds(bench, cast)
        alone, beside = _disturbance(bench, cast)
    return [
        *_drain_rows(bench, kinds),
        *_disturbance_rows(bench, alone, beside),
        *_check_in_rows(bench, check_ins),
    ]


def _longest(bench: Bench) -> int:
    """So that a backlog outlasts a run of check-ins: nothing drains at twice this rate."""
    return max(bench.sizes.backlog, int(bench.sizes.seconds * 4 * LEAST))


def _check_ins(bench: Bench, cast: Cast) -> tuple[list[float], list[float]]:
    owing, alone = cast.owed.call("check_ins", bench.sizes.check_ins)
    return milliseconds(owing), milliseconds(alone)


def _kinds(bench: Bench, cast: Cast) -> dict[str, Kind]:
    found = {name: Kind() for name in KINDS}
    with bench.site.workers("integrations=1") as (worker,):
        for run in range(bench.sizes.runs):
            for name, kind in found.items():
                bench.say(f"deliveries: run {run + 1}, {name}")
                _bare(bench, cast, name, kind)
                _drain(bench, cast, name, kind, worker)
    bench.fresh()
    return found


def _bare(bench: Bench, cast: Cast, name: str, kind: Kind) -> None:
    cast.system.reset()
    messages, plan = cast.owed.call("messages", name, bench.sizes.backlog), bench.site.plan
    before = cast.bare.cpu()
    kind.bare_took.append(cast.bare.call("run", name, plan.emr_addresses[name], plan.emr_secret, messages))
    kind.bare_spent.append(cast.bare.cpu() - before)


def _drain(bench: Bench, cast: Cast, name: str, kind: Kind, worker: psutil.Process) -> None:
    cast.system.reset()
    cast.owed.call("renew", name, bench.sizes.backlog)
    before = _cpu(worker)
    began = cast.owed.call("begin", name)
    kind.took.append(cast.owed.call("end", name) - began)
    kind.spent.append(_cpu(worker) - before)
    _must_be_well(cast.system)


def _must_be_well(system: RecordSystem) -> None:
    """Raises NotMeasured when what it was sent is not what it should have been."""
    if wrong := system.received()["violations"]:
        raise NotMeasured(f"{len(wrong)} deliveries were wrong: {wrong[0]['what']}")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _disturbance(bench: Bench, cast: Cast) -> tuple[list[list[float]], list[list[float]]]:
    """Delays of other clinics' deliveries, alone and while a backlog drains; a list a run."""
    alone: list[list[float]] = []
    beside: list[list[float]] = []
    with (
        bench.site.workers(),
        bench.site.remote("tests.bench.tries:Tries") as tries,
    ):
        for run in range(bench.sizes.runs):
            schedule = bench.schedule(A_SECOND, 200 + run, bench.sizes.seconds)
            emr.delays(bench, tries, schedule[:WARM_UP])
            bench.say(f"deliveries: run {run + 1}, check-ins alone")
            alone.append(emr.delays(bench, tries, schedule))
            bench.say(f"deliveries: run {run + 1}, check-ins while a backlog drains")
            with _draining(bench, cast):
                beside.append(emr.delays(bench, tries, schedule))
    return alone, beside


@contextmanager
def _draining(bench: Bench, cast: Cast) -> Iterator[None]:
    """Raises NotMeasured when the backlog was gone before the block's end."""
    cast.system.reset()
    cast.owed.call("renew", "webhook", _longest(bench))
    cast.owed.call("begin", "webhook")
    yield
    if not cast.owed.call("pause", "webhook"):
        raise NotMeasured("the backlog drained too soon to disturb anybody")


def _drain_rows(bench: Bench, kinds: dict[str, Kind]) -> list[Row]:
    many = bench.sizes.backlog
    bench.method.append(
        f"deliveries: a backlog of {many} messages of whole stays (check-in to discharge) to the demo's record "
        f"system in a process of its own, on one worker; best of {bench.sizes.runs} runs. The bare protocol: the "
        "same bytes by plain httpx or a plain socket, a new connection each, one at a time. Processor time: of "
        "the worker, and of the process that sends bare."
    )
    found = []
    for name, title in KINDS.items():
        kind = kinds[name]
        rate, bare_rate = many / min(kind.took), many / min(kind.bare_took)
        cost, bare_cost = min(kind.spent) / many * 1000, min(kind.bare_spent) / many * 1000
        found.append(rows.rate(f"backlog drained on one worker, {title}", rate, RIVAL, bare_rate, LEAST))
        found.append(rows.reported(f"a delivery, {title}", 1000 / rate, "ms", RIVAL, 1000 / bare_rate))
        found.append(rows.reported(f"a delivery's processor time, {title}", cost, "ms", RIVAL, bare_cost))
    return found


def _disturbance_rows(bench: Bench, alone: list[list[float]], beside: list[list[float]]) -> list[Row]:
    name, rival = "delivery, commit to first try, while a backlog drains", "the same, alone"
    bench.method.append(
        f"deliveries beside a backlog: {len(alone[0])} check-ins a run at other clinics, {A_SECOND:g} a second, "
        f"with the workers of a usual set-up; best of {bench.sizes.runs} runs."
    )
    return [
        rows.within_noise(f"{name}, p99", best(beside, p99), rival, best(alone, p99)),
        rows.reported(f"{name}, p50", best(beside, p50), "ms", rival, best(alone, p50)),
    ]


def _check_in_rows(bench: Bench, runs: list[tuple[list[float], list[float]]]) -> list[Row]:
    owing, alone = [run[0] for run in runs], [run[1] for run in runs]
    name, rival = "check-in owed to a destination of each kind", "a check-in owed to nobody"
    return [
        rows.reported(f"{name}, p50", best(owing, p50), "ms", rival, best(alone, p50)),
        rows.reported(f"{name}, p99", best(owing, p99), "ms", rival, best(alone, p99)),
    ]
