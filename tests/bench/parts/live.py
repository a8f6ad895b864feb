"""The rate of `/live/<topic>/` beside a trivial Django view on the same server."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from tests.bench import rows
from tests.bench.clients.rate import Rate
from tests.bench.part import Bench
from tests.bench.remote import Remote
from tests.bench.rows import Row
from tests.bench.site import Served

CONNECTIONS, WARM_UP = 16, 0.3


@dataclass(frozen=True)
class Target:
    """What is asked for."""

    name: str
    served: Served
    path: str


def measure(bench: Bench) -> list[Row]:
    """One client process; the two servers take turns to be awake."""
    found: dict[str, list[Rate]] = {}
    with ExitStack() as stack:
        ours = stack.enter_context(bench.site.web())
        theirs = stack.enter_context(bench.site.other("tests.bench.rivals.trivial:application"))
        client = stack.enter_context(Remote("tests.bench.clients.rate:Askers"))
        targets = [
            Target("live", ours, f"/live/{bench.clinics[0].topic}/"),
            Target("view", theirs, "/"),
            Target("bare", theirs, "/bare/"),
        ]
        for run in range(bench.sizes.runs):
            for target in targets:
                bench.say(f"live: run {run + 1}, {target.name}")
                with target.served.alone(theirs if target.served is ours else ours):
                    found.setdefault(target.name, []).append(_rate(bench, client, target))
    return _rows(bench, **{name: max(runs, key=lambda rate: rate.each_second) for name, runs in found.items()})


def _rate(bench: Bench, client: Remote, target: Target) -> Rate:
    client.call("run", target.served.port, target.path, CONNECTIONS, min(WARM_UP, bench.sizes.asking))
    rate: Rate = client.call("run", target.served.port, target.path, CONNECTIONS, bench.sizes.asking)
    return rate


def _rows(bench: Bench, live: Rate, view: Rate, bare: Rate) -> list[Row]:
    sizes = bench.sizes
    bench.method.append(
        f"/live/: {CONNECTIONS} kept-alive connections, one request in flight on each, {sizes.asking:g} s after "
        f"{WARM_UP:g} s of warm-up, best of {sizes.runs} runs; the view has no middleware, which is the harder "
        f"rival. The client took {live.client_share:.0%} of its core beside /live/ and {bare.client_share:.0%} "
        f"beside the bare application, which is the highest rate that it was seen to reach."
    )
    name = "/live/<topic>/"
    return [
        rows.more(name, live.each_second, "/s", "a trivial Django view", view.each_second, 10),
        rows.reported(f"{name}: floor", live.each_second, "/s", "a bare ASGI answer", bare.each_second),
    ]
