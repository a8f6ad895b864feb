"""One real web process with its Valkey, a clinic with its devices, and a shell that changes and rings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from clinic.running import home as homes
from clinic.running import valkey
from tests import prepared
from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent
# Reads orders, one a line; answers each in one line of JSON.
SHELL = """
import json, sys, time
from django.core.management import call_command
from django.db import transaction
from clinic import access
from realtime import notices
from realtime.transports import channels
from tests.factories import make_clinic, make_device

call_command("migrate", verbosity=0)
clinic = make_clinic()
devices = {kind: make_device(clinic, kind)[1] for kind in ("monitor", "kiosk")}
cookie = "; ".join(f"{access.cookie_name(kind)}={token}" for kind, token in devices.items())
print(json.dumps({"topic": clinic.topic.name, "cookie": cookie}), flush=True)

def change(version):
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        topic.version = version - 1
        return notices.announce(topic)

def ring(version):
    message = {"type": "notices", "notices": [[clinic.topic.name, version]]}
    return channels.tell_hubs(message).result(4)

for line in sys.stdin:
    name, *words = line.split()
    print(json.dumps({"change": change, "ring": ring}[name](*map(int, words))), flush=True)
"""


@dataclass
class OneWeb:
    """`topic`: of the clinic. `cookie`: of its monitor and its kiosk. `has_pages`: for a browser."""

    home: Path
    patches: str = ""
    has_pages: bool = False
    port: int = field(default_factory=homes.free_port)
    topic: str = ""
    cookie: str = ""
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    def env(self) -> dict[str, str]:
        apart = ("EVENKEEL_", "ABLY_", "REDIS_", "DATABASE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(apart)}
        ours = {"EVENKEEL_HOME": str(self.home), "PUBLIC_URL": self.url, "EVENKEEL_LOG_LEVEL": "ERROR"}
        ours |= {"DJANGO_SETTINGS_MODULE": "clinic.settings"}
        return (
            kept
            | ours
            | {"PYTHONPATH": str(ROOT / "tests" / "patches"), "TEST_PATCHES": f"count_listeners,{self.patches}"}
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        for folder in ("static", "assets"):
            (self.home / folder).mkdir()
        prepared.copy(self.home)
        self._start_valkey()
        self._shell = self.python("manage.py", "shell", "--no-imports", "-c", SHELL, pipes=True)
        found = self._answer()
        self.topic, self.cookie = found["topic"], found["cookie"]
        if self.has_pages:
            self.python("manage.py", "build").wait()
        self.start_web()

    def start_web(self) -> None:
        self._web = self.python("manage.py", "web", "--port", str(self.port))
        until(lambda: self._get("/healthz"), 30)
        self.process = psutil.Process(self._web.pid)

    def kill_web(self) -> None:
        self._web.kill()
        self._web.wait()

    def _start_valkey(self) -> None:
        argv = list(valkey.program(self.home).argv)
        self.valkey = self._keep(subprocess.Popen(argv, stdout=subprocess.DEVNULL, text=True))
        until(lambda: valkey.answers(valkey.url(self.home)))

    def stop(self) -> None:
        """Ends all of it, Valkey too when it is frozen."""
        for process in self._started:
            process.kill()
            process.wait()
            for pipe in filter(None, (process.stdin, process.stdout)):
                pipe.close()

    def python(self, *words: str, pipes: bool = False) -> subprocess.Popen[str]:
        """A Python of this installation; it ends with the rest, if not before."""
        pipe = subprocess.PIPE if pipes else None
        command = [sys.executable, *words]
        return self._keep(subprocess.Popen(command, cwd=ROOT, env=self.env(), stdin=pipe, stdout=pipe, text=True))

    def _keep(self, process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        self._started.append(process)
        return process

    def ring(self, version: int) -> None:
        """Through the Channels layer alone, as from another process."""
        assert self.ask("ring", version) is True

    def change(self, version: int) -> None:
        """Announced and committed by another process."""
        assert self.ask("change", version) == version

    def ring_often(self, versions: Iterator[int], number: int) -> None:
        """So many rings, as soon after each other as they can be."""
        assert self._shell.stdin is not None
        for _n in range(number):
            print("ring", next(versions), file=self._shell.stdin)
        self._shell.stdin.flush()
        assert [self._answer() for _n in range(number)] == [True] * number

    def ask(self, name: str, version: int) -> Any:
        """An order to the shell. Waits for the answer."""
        assert self._shell.stdin is not None
        print(name, version, file=self._shell.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._shell.stdout is not None
        line = self._shell.stdout.readline()
        assert line, "the shell has ended"
        return json.loads(line)

    def listeners(self) -> int:
        """How many the hub holds; -1 while it does not answer."""
        return int(self._get("/listeners") or -1)

    def connections(self) -> int:
        """How many TCP connections the web process has with clients."""
        return sum(one.laddr.port == self.port and bool(one.raddr) for one in self.process.net_connections("tcp"))

    @contextmanager
    def redis_away(self, how: str) -> Iterator[None]:
        """`how`: frozen, or killed and at the end of the block started again."""
        self.valkey.send_signal(signal.SIGSTOP if how == "frozen" else signal.SIGKILL)
        try:
            yield
        finally:
            if how == "frozen":
                self.valkey.send_signal(signal.SIGCONT)
            else:
                self.valkey.wait()
                self._start_valkey()

    def _get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""


@contextmanager
def running(home: Path, patches: str = "", *, has_pages: bool = False) -> Iterator[OneWeb]:
    web = OneWeb(home, patches, has_pages)
    try:
        web.start()
        yield web
    finally:
        web.stop()
