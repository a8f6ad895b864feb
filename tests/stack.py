"""A whole Evenkeel in real processes, as `manage.py demo` starts it, for tests to use and to break."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from clinic.running import home as homes
from clinic.running import valkey
from tests import canaries, prepared
from tests.shell import Shell

ROOT = Path(__file__).resolve().parent.parent
VENDOR = """
from io import StringIO
from django.core.management import call_command
call_command("vendor", *{words!r}, stdout=StringIO())
"""


@dataclass
class Stack:
    """One running demo. `found` is what it printed with --json."""

    home: Path
    port: int
    cuts: Path | None = None
    database_url: str = ""
    process: subprocess.Popen[str] | None = None
    found: dict[str, Any] = field(default_factory=dict)

    def env(self) -> dict[str, str]:
        """The environment of the demo and of commands in a shell beside it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "ABLY_", "REDIS_"))}
        kept.pop("DATABASE_URL", None)
        kept |= {"EVENKEEL_HOME": str(self.home), "PYTHONPATH": str(ROOT / "tests" / "patches")}
        if self.database_url:
            kept |= {"DATABASE_URL": self.database_url, "EVENKEEL_SECRET_KEY": "only-for-tests-" + "y" * 50}
        return kept | {"TEST_CUTS": str(self.cuts or "")}

    def start(self) -> None:
        command = [sys.executable, "manage.py", "demo", "--json", "--port", str(self.port)]
        with (self.home / "demo.err").open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env(), stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the demo did not start: {(self.home / 'demo.err').read_text()[-2000:]}"
        self.found = json.loads(line)

    def stop(self) -> None:
        """One Ctrl-C, and everything must be gone."""
        assert self.process is not None
        if "shell" in vars(self):
            self.shell.end()
            del self.shell
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        assert not [child for child in children if child.is_running()], "something was left behind"

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in a shell beside it."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.env(), capture_output=True, text=True, timeout=60)

    def vendor(self, *words: str) -> None:
        """`manage.py vendor` in the shell that is there already: a new one costs more than a second."""
        self.shell.run(VENDOR.format(words=words))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(
            valkey.url(self.home), socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )

    # --- The vendor ---

    def fault(self, mode: str) -> None:
        httpx.post(f"{self.found['vendor']}/__fault", json={"mode": mode}, timeout=5).raise_for_status()

    def seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = httpx.get(f"{self.found['vendor']}/__seen", timeout=5).json()
        return seen

    def received(self) -> list[dict[str, Any]]:
        """What the record system got."""
        rows: list[dict[str, Any]] = self.records()["received"]
        return rows

    def records(self) -> dict[str, Any]:
        """What the record system says of itself at /received: violations too."""
        port = json.loads((self.home / "demo.json").read_text())["emr_ports"]["control"]
        found: dict[str, Any] = httpx.get(f"http://127.0.0.1:{port}/received", timeout=5).json()
        return found

    def valkey_pid(self) -> int:
        """Of the Valkey that runs now: it changes when it is killed and started again."""
        for process in psutil.Process(self.process.pid).children():  # type: ignore[union-attr]
            if "valkey" in " ".join(process.cmdline()):
                return process.pid
        return 0

    @contextmanager
    def redis_frozen(self) -> Iterator[None]:
        """It takes connections and bytes, and answers nothing."""
        pid = self.valkey_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    # --- The database, asked from outside by a process of its own ---

    @cached_property
    def shell(self) -> Shell:
        return Shell(ROOT, self.env())

    def ask(self, expression: str) -> Any:
        """The value of an expression over the models, as JSON holds it."""
        return self.shell.value(expression)


@contextmanager
def running(
    folder: Path, *, cuts: Path | None = None, database_url: str = "", is_empty: bool = False
) -> Iterator[Stack]:
    """A started stack in a fresh home. `cuts`: a file that names the paths that are cut now.

    `is_empty`: nothing is prepared in that home, as on a user's first day.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not is_empty:
        prepared.copy(folder)
    stack = Stack(folder, homes.free_port(), cuts, database_url)
    stack.start()
    try:
        yield stack
        canaries.must_be_absent_from(stack)
    finally:
        stack.stop()
