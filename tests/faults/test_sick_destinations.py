"""More record systems that say nothing, or drip, than there are workers: a healthy one beside them is as quick."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median

import pytest

from tests.stack import Stack, running
from tests.waiting import until

ROUNDS, CHECK_INS = 2, 10
# One more than the workers of the usual pools.
SICK = 5
CUT_SECONDS = 1.0
# Of those that serve healthy destinations.
WORKERS = 2
# Seconds: more than a job's start takes on a busy machine, far less than a call that is cut.
AT_ONCE = CUT_SECONDS / 2
# The calls to the sick take processor time of their own, of two cores.
NOISE = 0.05
CUT = "Destination.objects.filter(name__startswith='Sick', is_ill=True).count()"

LOAD = """
import time
from clinic.models import Clinic
from clinic.services import Actor, Answers, check_in
from datetime import date
clinic = Clinic.objects.get(slug="harbor")
for n in range({many}):
    who = Answers(given_name=f"{name}{{n}}", family_name="Load", birth_date=date(1980, 1, 1))
    check_in(clinic, who, by=Actor())
    time.sleep(0.1)
"""
DELAYS = """[(d.first_tried_at - d.created_at).total_seconds()
    for d in Delivery.objects.filter(destination__name="Record system", visit__given_name__startswith={name!r},
                                     first_tried_at__isnull=False)]"""
MAKE = """[Destination.objects.create(clinic=Clinic.objects.get(slug="harbor"), name="Sick %d" % n, kind="hl7",
    url="mllp://127.0.0.1:%d" % port, seconds=10).pk for n, port in enumerate({ports})]"""


class Sick:
    """Takes connections and never answers; or with a byte now and then that leads nowhere."""

    def __init__(self, *, drips: bool) -> None:
        self._drips, self._over = drips, threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=50)
        self._peers: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listening.getsockname()[1]
        return port

    def close(self) -> None:
        self._over.set()
        for one in (self._listening, *self._peers):
            one.close()

    def _serve(self) -> None:
        self._listening.settimeout(0.2)
        while not self._over.is_set():
            with suppress(OSError):
                self._peers.append(self._listening.accept()[0])
            for peer in self._peers if self._drips else []:
                with suppress(OSError):
                    peer.sendall(b"\x0b" if self._peers.index(peer) % 2 else b"M")


@contextmanager
def sick_ones() -> Iterator[list[int]]:
    with ExitStack() as stack:
        sick = [Sick(drips=bool(n % 2)) for n in range(SICK)]
        for one in sick:
            stack.callback(one.close)
        yield [one.port for one in sick]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with running(tmp_path / "home") as stack:
        yield stack


def delays(stack: Stack, name: str, many: int = CHECK_INS) -> list[float]:
    """Seconds from each check-in to its first try at the healthy record system, sorted."""
    done = stack.manage("shell", "--no-imports", "-c", LOAD.format(many=many, name=name))
    assert done.returncode == 0, done.stderr
    question = " ".join(DELAYS.format(name=name).split())
    found: list[float] = []
    until(lambda: found.extend(stack.ask(question)[len(found) :]) or len(found) == many, 20)
    return sorted(found)


def pause(stack: Stack, is_paused: bool) -> None:
    stack.ask(f"Destination.objects.filter(name__startswith='Sick').update(is_paused={is_paused})")


def rounds(stack: Stack) -> dict[str, list[list[float]]]:
    """The delays of the healthy one: alone, beside the sick, and with the vendor out too; in turns."""
    found: dict[str, list[list[float]]] = {"alone": [], "beside": [], "vendor out": []}
    for number in range(ROUNDS):
        pause(stack, True)
        found["alone"].append(delays(stack, f"Alone {number} "))
        pause(stack, False)
        found["beside"].append(delays(stack, f"Beside {number} "))
        stack.fault("silent")
        found["vendor out"].append(delays(stack, f"Outage {number} "))
        stack.fault("ok")
    return found


def test_healthy_one_beside_more_sick_ones_than_workers(stack: Stack) -> None:
    delays(stack, "Warm", 5)
    with sick_ones() as ports:
        stack.ask(" ".join(MAKE.format(ports=ports).split()))
        onset = delays(stack, "Onset", 5)
        assert onset[-1] < SICK * CUT_SECONDS / WORKERS + AT_ONCE, "at the onset late by no more than the cuts"
        until(lambda: stack.ask(CUT) == SICK, 20)
        found = rounds(stack)
    # Of several rounds, the one in which this machine was least busy with something else.
    best = {name: min(some, key=median) for name, some in found.items()}
    told = {name: f"median {median(x) * 1000:.0f} ms, longest {x[-1] * 1000:.0f} ms" for name, x in best.items()}
    print(f"at the onset: {onset[-1]:.2f} s; {told}")
    for name in ("beside", "vendor out"):
        assert median(best[name]) < median(best["alone"]) * 1.1 + NOISE, told
        assert best[name][-1] < max(AT_ONCE, best["alone"][-1] * 1.5), told
