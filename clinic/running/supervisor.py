"""Keeps programs running, and takes them all along when it ends."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from clinic.running.child import Child, Program
from clinic.running.signals import SignalPipe

__all__ = ["Program", "StartFailed", "Stopped", "Supervisor", "log_exit"]

logger = logging.getLogger(__name__)

READY_STEP_SECONDS = 0.05
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class StartFailed(RuntimeError):
    """A program could not be started, ended before it was ready, or was not ready in time."""


class Stopped(Exception):
    """We were asked to stop while starting; the supervisor's `with` block swallows it."""


def log_exit(name: str, returncode: int, delay: float) -> None:
    """Logs that a program ended, with its exit code (below 0: the signal) and the seconds to its restart."""
    logger.warning("%s ended with code %d and starts again in %g s", name, returncode, delay)


class Supervisor:
    """Starts programs, restarts each one whenever it ends, and stops them in reverse order.

    For the main thread only. Use it as a context manager: `add` starts a program and waits until it is ready,
    `run` returns on SIGTERM, SIGINT or SIGHUP, and leaving the block stops everything. A SIGINT while
    stopping kills what is left at once. Within the block those signals are seen only by `add` and `run`.

    `log_dir` takes one file a name, appended to; without it, output goes where ours goes. `on_exit` gets the
    name, the exit code and the seconds until the restart. Raises StartFailed from `add` and `run`.
    """

    def __init__(
        self,
        programs: Sequence[Program] = (),
        *,
        log_dir: Path | None = None,
        on_exit: Callable[[str, int, float], None] = log_exit,
    ) -> None:
        self._programs = programs
        self._log_dir = log_dir
        self._on_exit = on_exit
        self._signals = SignalPipe(signal.SIGCHLD, *STOP_SIGNALS)
        self._children: list[Child] = []
        self._stopping = False
        self._hurried = False

    def __enter__(self) -> Self:
        if self._log_dir:
            self._log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._signals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            self._stop()
        finally:
            self._signals.__exit__(kind, error, trace)
        return isinstance(error, Stopped)

    def pids(self) -> dict[str, list[int]]:
        """The process ids that run now, by program name, in the order of their start."""
        pids: dict[str, list[int]] = {child.program.name: [] for child in self._children}
        for child in self._children:
            if child.pid:
                pids[child.program.name].append(child.pid)
        return pids

    def add(self, program: Program) -> None:
        """Starts a program, keeps it running from now on, and waits until it is ready.

        Raises StartFailed, or Stopped when a stop signal came.
        """
        self._step(0)
        self._refuse_when_stopping()
        child = Child(program, self._log_dir / f"{program.name}.log" if self._log_dir else None)
        try:
            child.start()
        except OSError as error:
            raise StartFailed(f"{program.name} cannot be started: {error}.") from error
        self._children.append(child)
        if program.ready:
            self._await(child, program.ready)

    def run(self) -> None:
        """Starts the programs given at first, then keeps all of them running until a stop signal comes."""
        for program in self._programs:
            self.add(program)
        while not self._stopping:
            self._step(None)

    def attend(self, seconds: float) -> None:
        """Keeps all programs running for so long. Raises Stopped when a stop signal came."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._step(left)
            self._refuse_when_stopping()

    def _await(self, child: Child, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + child.program.ready_seconds
        while not ready():
            self._step(READY_STEP_SECONDS)
            self._refuse_when_stopping()
            if child.returncode is not None:
                raise StartFailed(_failure(child, f"ended with code {child.returncode} before it was ready"))
            if time.monotonic() > deadline:
                raise StartFailed(_failure(child, f"was not ready within {child.program.ready_seconds:g} s"))

    def _refuse_when_stopping(self) -> None:
        if self._stopping:
            raise Stopped

    def _step(self, longest: float | None) -> None:
        """Waits for a signal, a due restart or `longest` seconds, and does what is then to do."""
        self._hear(_least(longest, self._next_restart()))
        for child in self._children:
            if child.reap() and child.returncode is not None:
                self._on_exit(child.program.name, child.returncode, child.plan_restart())
        for child in self._children:
            if child.due is not None and child.due <= time.monotonic() and not self._stopping:
                self._restart(child)

    def _restart(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            # A full process table or a file being replaced passes; ending here would take the others along.
            logger.error("%s cannot be started again: %s", child.program.name, error)
            child.plan_restart()

    def _next_restart(self) -> float | None:
        dues = [child.due for child in self._children if child.due is not None]
        return min(dues) - time.monotonic() if dues else None

    def _hear(self, seconds: float | None) -> None:
        for number in self._signals.wait(seconds):
            if number in STOP_SIGNALS:
                self._hurried = self._hurried or (self._stopping and number == signal.SIGINT)
                self._stopping = True

    def _stop(self) -> None:
        self._stopping = True
        names = dict.fromkeys(child.program.name for child in reversed(self._children))
        for name in names:
            self._stop_together([child for child in self._children if child.program.name == name])

    def _stop_together(self, children: list[Child]) -> None:
        for child in children:
            child.terminate()
        deadline = time.monotonic() + max(child.program.grace_seconds for child in children)
        while self._alive(children) and not self._hurried and time.monotonic() < deadline:
            self._hear(deadline - time.monotonic())
        for child in children:
            child.kill()

    def _alive(self, children: list[Child]) -> bool:
        for child in children:
            child.reap()
        return any(child.pid for child in children)


def _failure(child: Child, what: str) -> str:
    where = f" Read {child.log}, put right what it says, and start again." if child.log else ""
    return f"{child.program.name} {what}.{where}"


def _least(*seconds: float | None) -> float | None:
    return min((each for each in seconds if each is not None), default=None)
