"""An object in a process of its own: who measures must not share a core's turn with what is measured.

The child gets its calls by a pipe and ends when the pipe does, so it cannot outlive us.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import django
import psutil
import uvloop

ROOT = Path(__file__).resolve().parent.parent.parent


class RemoteFailed(RuntimeError):
    """The call raised there, or the process is gone. The text holds its traceback."""


class Remote:
    """`where`: "module:Class". A class with async methods lives on an event loop that always runs."""

    def __init__(self, where: str, env: Mapping[str, str] | None = None) -> None:
        self.where = where
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-W", "ignore", "-m", "tests.bench.remote", where, str(theirs.fileno())]
        all_env = {**os.environ, **(env or {})}
        self._process = subprocess.Popen(command, cwd=ROOT, env=all_env, pass_fds=[theirs.fileno()])
        theirs.close()
        self._pipe = Connection(ours.detach())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=3)
        self._process.kill()
        self._process.wait()

    def cpu(self) -> float:
        """Seconds that the process has taken of a core so far."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def call(self, method: str, *words: Any) -> Any:
        """What the method returns. Raises RemoteFailed."""
        try:
            self._pipe.send((method, words))
            is_well, answer = self._pipe.recv()
        except (EOFError, OSError):
            raise RemoteFailed(f"{self.where} is gone") from None
        if not is_well:
            raise RemoteFailed(answer)
        return answer


def _serve(target: Any, pipe: Connection) -> None:
    while True:
        method, words = pipe.recv()
        try:
            pipe.send((True, getattr(target, method)(*words)))
        except Exception:
            pipe.send((False, traceback.format_exc()))


async def _serve_async(make: Any, pipe: Connection) -> None:
    target, loop = make(), asyncio.get_running_loop()
    while True:
        method, words = await loop.run_in_executor(None, pipe.recv)
        try:
            pipe.send((True, await getattr(target, method)(*words)))
        except Exception:
            pipe.send((False, traceback.format_exc()))


def main(where: str, number: str) -> None:
    """Serves until the pipe ends."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        django.setup(set_prefix=False)
    module, _, name = where.partition(":")
    make = getattr(importlib.import_module(module), name)
    with Connection(int(number)) as pipe, suppress(EOFError, KeyboardInterrupt):
        if any(map(inspect.iscoroutinefunction, vars(make).values())):
            uvloop.run(_serve_async(make, pipe))
        else:
            _serve(make(), pipe)


if __name__ == "__main__":
    main(*sys.argv[1:])
