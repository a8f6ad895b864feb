"""2,000 screens on one process hear one change, against one Channels consumer a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.bench import rows
from tests.bench.part import Bench
from tests.bench.remote import Remote
from tests.bench.rows import Row
from tests.bench.site import Served
from tests.bench.stats import best, milliseconds, p50, p99
from tests.websocket import Place

FIRST, SECONDS = 20, 30.0
RIVAL = "a Channels consumer a socket"


@dataclass
class Side:
    """One server with its crowd. `tell(version)` rings it and says when, in monotonic seconds."""

    served: Served
    crowd: Remote
    tell: Callable[[int], float]
    version: int = 0
    each: float = 0.0
    took: list[list[float]] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)

    def open(self, place: Place, many: int) -> None:
        """Fills it. The first few are not counted in what a socket takes."""
        self.crowd.call("open", place, min(FIRST, many // 2))
        before = self.served.process.memory_info().rss
        more = many - min(FIRST, many // 2)
        self.crowd.call("open", place, more)
        self.each = (self.served.process.memory_info().rss - before) / more / 1024

    def ring(self) -> float:
        """Seconds from the change until the last screen has heard."""
        self.version += 1
        self.crowd.call("expect", self.version)
        began = self.tell(self.version)
        heard: Any = self.crowd.call("all_heard", SECONDS)
        self.spent.append(heard.cpu)
        return float(heard.last - began)

    def median(self) -> float:
        """Milliseconds, of the best run."""
        return best(self.took, p50)

    def tail(self) -> float:
        """Milliseconds, of all runs: one run alone has too few for a tail."""
        return p99([one for run in self.took for one in run])


def measure(bench: Bench) -> list[Row]:
    """Three servers, one awake at a time."""
    with ExitStack() as stack:
        sides = {name: stack.enter_context(_side(bench, name)) for name in ("hub", "consumers", "bare")}
        for run in range(bench.sizes.runs):
            for name, side in sides.items():
                bench.say(f"crowd: run {run + 1}, {name}")
                others = [other.served for other in sides.values() if other is not side]
                with side.served.alone(*others):
                    side.ring()
                    side.took.append(milliseconds([side.ring() for _n in range(bench.sizes.rings)]))
    return _rows(bench, **sides)


@contextmanager
def _side(bench: Bench, name: str) -> Iterator[Side]:
    bench.say(f"crowd: {bench.sizes.crowd} screens, {name}")
    apps = {"consumers": "tests.bench.rivals.consumer", "bare": "tests.bench.rivals.bare"}
    site = bench.site
    server = site.other(f"{apps[name]}:application") if name in apps else site.web()
    with server as served, Remote("tests.bench.clients.crowd:Crowd") as crowd:
        side = Side(served, crowd, _tell(bench, name))
        side.open(Place(served.port, bench.clinics[0].topic, bench.clinics[0].cookie), bench.sizes.crowd)
        side.version = bench.writer.call("version", 0) if name == "hub" else 0
        yield side


def _tell(bench: Bench, name: str) -> Callable[[int], float]:
    call = partial[Any](bench.writer.call)
    return {
        "hub": lambda version: call("announce", 0),
        "consumers": lambda version: call("group_send", version),
        "bare": lambda version: call("publish_one", 0, version),
    }[name]


def _rows(bench: Bench, hub: Side, consumers: Side, bare: Side) -> list[Row]:
    sizes, many = bench.sizes, f"{bench.sizes.crowd:,} screens"
    name = f"{many} hear one change"
    bench.method.append(
        f"{many}: one topic, one process; best of {sizes.runs} runs of 1 + {sizes.rings} changes, median, from "
        f"the commit (or the send) until the last screen has it; p99 over all {sizes.runs * sizes.rings}; one "
        f"server awake at a time. The client took {p50(milliseconds(hub.spent)):.0f} ms of its own core for each "
        f"change."
    )
    return [
        rows.sooner(name, hub.median(), "ms", RIVAL, consumers.median(), 8),
        rows.reported(f"{name}, last one", hub.median(), "ms", reach=50),
        rows.reported(f"{name}, p99", hub.tail(), "ms", RIVAL, consumers.tail()),
        rows.reported(f"{many}: floor", hub.median(), "ms", "bare Redis and ASGI sends", bare.median()),
        rows.reported(f"{many}: memory a socket", hub.each, "KB", RIVAL, consumers.each, reach=25),
    ]
