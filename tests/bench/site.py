"""A whole Evenkeel in a home of its own, of which each part starts what it needs."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis

from clinic.running import demo, home, pools, programs, valkey
from clinic.running.child import Child, Program
from tests.bench.remote import ROOT, Remote
from tests.bench.stats import NotMeasured
from tests.waiting import until

Say = Callable[[str], None]
# Ends a suspended process, too, when we have died.
STOPPED_TOO = signal.SIGKILL


@dataclass(frozen=True)
class Served:
    """A web process that answers at `port`."""

    port: int
    process: psutil.Process

    @contextmanager
    def alone(self, *others: Served) -> Iterator[None]:
        """In this block the others are stopped, so that what they do when idle disturbs nobody."""
        for other in others:
            other.process.suspend()
        try:
            yield
        finally:
            for other in others:
                other.process.resume()


@dataclass(frozen=True)
class Site:
    """Its Valkey runs and its database is ready. `database`: the address of a PostgreSQL; "" for SQLite."""

    plan: demo.Plan
    database: str = ""

    @property
    def env(self) -> dict[str, str]:
        """Of every process; the vendor's SDK trusts the stand-in."""
        return {
            **self.plan.env(),
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
            "SSL_CERT_FILE": str(self.plan.ca_file),
            "NO_PROXY": "127.0.0.1",
            "DATABASE_URL": self.database,
        }

    def remote(self, where: str, **env: str) -> Remote:
        """An object with Django set up for this site, in a process of its own."""
        return Remote(where, {**self.env, "EVENKEEL_LOG_LEVEL": "ERROR", **env})

    def redis(self, database: int = 0) -> redis.Redis:
        return redis.Redis.from_url(
            f"{valkey.url(self.plan.home).removesuffix('/0')}/{database}", socket_timeout=5
        )

    @contextmanager
    def web(self) -> Iterator[Served]:
        """The real web process."""
        program = programs.web(self.plan.host, self.plan.port, self.env)
        with self.running(replace(program, death_signal=STOPPED_TOO)) as child:
            yield Served(self.plan.port, psutil.Process(child.pid))

    @contextmanager
    def other(self, app: str) -> Iterator[Served]:
        """Another application under the same server."""
        port = home.free_port()
        argv = [sys.executable, "-W", "ignore", "-m", "tests.bench.serve", app, str(port)]
        ready = partial(home.port_taken, demo.HOST, port)
        program = Program(app, argv, self.env, ready, 30, death_signal=STOPPED_TOO)
        with self.running(program) as child:
            yield Served(port, psutil.Process(child.pid))

    @contextmanager
    def vendor(self) -> Iterator[Vendor]:
        """The stand-in."""
        self.plan.ca_file.unlink(missing_ok=True)
        with self.running(programs.standin(self.plan.ports, self.plan.ca_file, self.plan.keys)):
            yield Vendor(self.plan.control)

    @contextmanager
    def emr(self) -> Iterator[RecordSystem]:
        """The demo's medical record system."""
        with self.running(programs.emr(self.plan.emr_ports, self.plan.emr_secret)):
            yield RecordSystem(self.plan.emr_control)

    @contextmanager
    def workers(self, sizes: str = pools.DEFAULT) -> Iterator[list[psutil.Process]]:
        """Real worker processes, when they have registered."""
        wanted = programs.workers(pools.parse(sizes), self.env)
        with ExitStack() as stack:
            children = [stack.enter_context(self.running(program)) for program in wanted]
            client = self.redis()
            until(lambda: client.scard("rq:workers") >= len(wanted), 30, "the workers did not register")
            yield [psutil.Process(child.pid) for child in children]

    @contextmanager
    def cron(self) -> Iterator[None]:
        """The real sweeps."""
        with self.running(programs.cron(self.env)):
            yield

    @contextmanager
    def running(self, program: Program) -> Iterator[Child]:
        """A program that is ready; it ends with the block."""
        child = Child(program, self.plan.home / "bench.log")
        child.start()
        try:
            until(lambda: _is_ready(child), program.ready_seconds, f"{program.name} was not ready")
            yield child
        finally:
            child.terminate()
            with suppress(AssertionError):
                until(child.reap, 3)
            child.kill()


@dataclass(frozen=True)
class Vendor:
    """The stand-in's control address."""

    control: str

    def fault(self, mode: str) -> None:
        httpx.post(f"{self.control}/__fault", json={"mode": mode}, timeout=5, trust_env=False).raise_for_status()

    def reset(self) -> None:
        httpx.post(f"{self.control}/__reset", timeout=5, trust_env=False).raise_for_status()

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.control}/__seen", timeout=10, trust_env=False).json()
        return found

    def publishes(self) -> int:
        """Requests that published something."""
        return sum(one["method"] == "POST" for one in self.seen()["requests"])


@dataclass(frozen=True)
class RecordSystem:
    """The stand-in's control address."""

    control: str

    def reset(self) -> None:
        httpx.post(f"{self.control}/__reset", timeout=5, trust_env=False).raise_for_status()

    def received(self) -> dict[str, Any]:
        """How much it took, and what was wrong with it."""
        where = f"{self.control}/received?tail=0"
        found: dict[str, Any] = httpx.get(where, timeout=30, trust_env=False).json()
        return found


@contextmanager
def opened(say: Say, database: str = "") -> Iterator[Site]:
    """A fresh site in a temporary home, which goes with it. `database`: as of Site."""
    _raise_limits()
    with tempfile.TemporaryDirectory(prefix="evenkeel-bench-", ignore_cleanup_errors=True) as folder:
        site = Site(demo.plan(Path(folder), port=home.free_port()), database)
        with home.lock(site.plan.home), site.running(valkey.program(site.plan.home)):
            say("preparing a database and static files")
            for command in ("migrate", "build"):
                _manage(site, command)
            yield site


def _manage(site: Site, *words: str) -> None:
    command: Sequence[str] = [*programs.PYTHON, str(programs.MANAGE), *words]
    done = subprocess.run(command, cwd=ROOT, env={**site.env}, capture_output=True, text=True)
    if done.returncode:
        raise NotMeasured(f"manage.py {words[0]} failed: {done.stderr[-1000:]}")


def _is_ready(child: Child) -> bool:
    if child.reap():
        raise NotMeasured(f"{child.program.name} ended: {child.log.read_text()[-1500:] if child.log else ''}")
    return child.program.ready is None or child.program.ready()


def _raise_limits() -> None:
    """Thousands of sockets in one process, and in its children."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
