"""One run's own home, addresses and processes, on loopback: nothing of it is shared with another Evenkeel."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from clinic.drill import ways
from clinic.running import demo, home, pools, programs, valkey
from clinic.running.child import Program

CAST = "cast.json"
# Settings of Evenkeel's that a caller may have set, and that are not ours.
OTHERS = ("ABLY_", "DATABASE_", "EVENKEEL_", "PUBLIC_", "REDIS_")
GRACE_SECONDS = 0.5
ROOT = programs.MANAGE.parent


class SetupFailed(RuntimeError):
    """What every run begins from could not be made; the text says where to read why."""


@dataclass(frozen=True)
class Stage:
    """One run of a design, `seconds` of load in all. `pools`: Evenkeel's workers."""

    design: str
    seconds: float
    demo: demo.Plan
    pools: str = pools.DEFAULT

    @property
    def home(self) -> Path:
        return self.demo.home

    @property
    def is_evenkeel(self) -> bool:
        return self.design not in ways.WAYS

    @property
    def redis_url(self) -> str:
        return valkey.url(self.home)

    def file(self, name: str) -> Path:
        return self.home / f"{name}.json"

    def env(self) -> dict[str, str]:
        return (
            clean_env(self.home)
            | self.demo.env()
            | {"EVENKEEL_DEMO": "", "EVENKEEL_DEMO_CONTROL": "", "EVENKEEL_DEMO_EMR_CONTROL": ""}
        )

    def programs(self) -> Iterator[Program]:
        """In the order of starting. The load waits for its start, and the screens are connected when it comes."""
        # At the end nobody waits for what was held open, nor for a worker that the vendor holds.
        yield from (replace(program, grace_seconds=GRACE_SECONDS) for program in self._background())
        yield self._load()
        yield self._screens()

    def _background(self) -> Iterator[Program]:
        env = self.env()
        yield valkey.program(self.home)
        yield self._standin()
        yield self._receiver()
        yield programs.web(self.demo.host, self.demo.port, env)
        yield from self.workers()
        if self.is_evenkeel:
            yield programs.cron(env)

    def workers(self) -> list[Program]:
        """The design's worker processes."""
        env = {**self.env(), "SSL_CERT_FILE": str(self.demo.ca_file)}
        return [_part("worker", words, env, death_signal=signal.SIGKILL) for words in self._worker_words()]

    def _worker_words(self) -> list[tuple[str, ...]]:
        if self.is_evenkeel:
            return [("worker", pool) for pool, count in pools.parse(self.pools) for _n in range(count)]
        return [("old-worker", *names) for names in ways.WAYS[self.design].workers]

    def _standin(self) -> Program:
        plain = programs.standin(self.demo.ports, self.demo.ca_file, self.demo.keys)
        more = [word for host in sorted(set(ways.fallback_hosts())) for word in ("--host", host)]
        return replace(plain, argv=[*plain.argv, *more], env=self.env())

    def _receiver(self) -> Program:
        words = ("receiver", str(self.demo.emr_port), str(self.demo.emr_ports["mllp"]))
        taken = partial(home.port_taken, demo.HOST, self.demo.emr_port)
        return _part("receiver", words, self._secret(), ready=taken)

    def _load(self) -> Program:
        ready = self.file("load-ready")
        words = ("load", self.design, str(self.seconds), json.dumps(self.demo.emr_addresses), str(ready))
        return _part("load", (*words, str(self.file("load"))), self._secret(), ready=ready.exists)

    def _screens(self) -> Program:
        ready, hears = self.file("screens-ready"), "own" if self.is_evenkeel else "vendor"
        words = ("screens", str(self.home / CAST), str(ready), str(self.file("screens")), hears)
        return _part("screens", words, self.env(), ready=ready.exists)

    def _secret(self) -> dict[str, str]:
        """Not an argument: those can be read by every user of the machine."""
        return {**self.env(), "DRILL_SECRET": self.demo.emr_secret}


def prepare(template: Path) -> None:
    """Makes what every run begins from: a database with clinics and screens. Raises SetupFailed.

    Neither fonts nor static files: no browser looks at these screens.
    """
    template.mkdir(mode=0o700)
    env = {**os.environ, **clean_env(template)}
    with (template / "prepare.log").open("w") as log:
        for words in (("manage.py", "migrate", "-v", "0"), ("-m", "clinic.drill", "cast", str(template / CAST))):
            command = [*programs.PYTHON, *words]
            done = subprocess.run(command, cwd=ROOT, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            if done.returncode:
                raise SetupFailed(f"The drill's clinics could not be made. Read {log.name}.")


def set_up(template: Path, folder: Path, design: str, seconds: float) -> Stage:
    """A fresh home in `folder`, with addresses that are free."""
    shutil.copytree(template, folder)
    return Stage(design, seconds, demo.plan(folder, demo.HOST, home.free_port()))


def clean_env(folder: Path) -> dict[str, str]:
    """What our processes get in the place of the caller's own settings. No proxy is asked for loopback."""
    unset = {name: "" for name in os.environ if name.startswith(OTHERS)}
    paths = {"EVENKEEL_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return unset | paths | {"NO_PROXY": "*", "no_proxy": "*", "EVENKEEL_LOG_LEVEL": "WARNING"}


def _part(name: str, words: tuple[str, ...], env: Mapping[str, str], **more: object) -> Program:
    argv = [*programs.PYTHON, "-m", "clinic.drill", *words]
    return Program(name, argv, env=env, ready_seconds=60, **more)  # type: ignore[arg-type]
