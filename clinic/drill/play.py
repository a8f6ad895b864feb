"""One run: a design, with the vendor well or out, from its first process to what it left behind."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from clinic.drill import calls
from clinic.drill.load import GO
from clinic.drill.record import Run, Sample
from clinic.drill.stage import Stage
from clinic.drill.stretch import Change, Stretch
from clinic.running.supervisor import Supervisor
from realtime.job_queues import NAMES

Say = Callable[[str], object]

WARM_UP, QUIET_END = 6.0, 2.0
LOOK_SECONDS = 0.25


class Broken(RuntimeError):
    """A part of the run that must not end has ended."""


@dataclass(frozen=True)
class Times:
    """Of one run, in seconds: a quarter, WARM_UP at most, while all is well; then what is measured.

    No patient comes in the last QUIET_END, so that what is on its way then can arrive.
    """

    seconds: float

    @property
    def warm_up(self) -> float:
        return min(WARM_UP, self.seconds / 4)

    @property
    def measured(self) -> float:
        return self.seconds - self.warm_up

    @property
    def load(self) -> float:
        return self.seconds - QUIET_END


@dataclass
class Play:
    """A run under way. `began`: when its measured part did, in epoch seconds."""

    stage: Stage
    vendor: str
    times: Times
    began: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    calls: list[calls.Span] = field(default_factory=list)
    requests: int = 0
    ended: list[str] = field(default_factory=list)

    def run(self, say: Say) -> Run | None:
        """What was measured, or None when it was told to stop. Raises StartFailed, Broken."""
        done = False
        with Supervisor(log_dir=self.stage.home / "logs", on_exit=self.note_exit) as supervisor:
            for program in self.stage.programs():
                say(f"starting {program.name}")
                supervisor.add(program)
            with _client(self.stage.redis_url) as client:
                self._measure(client, supervisor, say)
                self._collect(client)
            done = True
        return self._result() if done else None

    def _measure(self, client: redis.Redis, supervisor: Supervisor, say: Say) -> None:
        client.rpush(GO, "go")
        say("patients come in")
        supervisor.attend(self.times.warm_up)
        if self.vendor == "out":
            set_fault(self.stage.demo.control, "silent")
        self.began = time.time()
        while (left := self.began + self.times.measured - time.time()) > 0:
            self.samples.append(look(client, time.time() - self.began))
            say(f"{'the vendor is out' if self.vendor == 'out' else 'all is well'}, {left:.0f} s left")
            supervisor.attend(min(left, LOOK_SECONDS))
            self.refuse_when_broken()

    def _collect(self, client: redis.Redis) -> None:
        self.calls = calls.spans(client, self.end)
        seen = _control(self.stage.demo.control, "/__seen")["requests"]
        self.requests = sum(one["method"] == "POST" and self.began <= one["at"] < self.end for one in seen)

    def _result(self) -> Run:
        load = json.loads(self.stage.file("load").read_text())
        screens = json.loads(self.stage.file("screens").read_text())
        stretch = Stretch(self.began, self.end)
        changes = [Change(*change) for change in load["changes"]]
        return Run(
            design=self.stage.design,
            vendor=self.vendor,
            seconds=self.times.measured,
            workers=len(self.stage.workers()),
            emr=stretch.emr(_by_pk(load["deliveries"]), _by_pk(load["starts"])),
            screens=tuple(delay for topic, shown in screens for delay in stretch.screen(topic, changes, shown)),
            samples=tuple(self.samples),
            held_seconds=calls.within(self.calls, self.began, self.end),
            vendor_requests=self.requests,
            check_ins=load["check_ins"],
            changes=len(changes),
        )

    @property
    def end(self) -> float:
        return self.began + self.times.measured

    def note_exit(self, name: str, returncode: int, delay: float) -> None:
        """For the supervisor."""
        self.ended.append(f"{name} ended with code {returncode}")

    def refuse_when_broken(self) -> None:
        """A worker may end and is started again; what plays any other part may not. Raises Broken."""
        if broken := [one for one in self.ended if not one.startswith("worker ")]:
            raise Broken(f"{broken[0]} in the middle of a run.")


def _by_pk(moments: dict[str, float]) -> dict[int, float]:
    return {int(pk): at for pk, at in moments.items()}


def look(client: redis.Redis, at: float) -> Sample:
    """How many jobs wait, and how many workers are inside a vendor call."""
    with client.pipeline(transaction=False) as pipe:
        for name in NAMES:
            pipe.llen(f"rq:queue:{name}")
        pipe.hlen(calls.NOW)
        *depths, held = pipe.execute()
    return Sample(at, dict(zip(NAMES, depths, strict=True)), held)


def set_fault(control: str, mode: str) -> None:
    _control(control, "/__fault", {"mode": mode})


def _control(control: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(control + path, data, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 1))
