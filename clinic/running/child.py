"""One program and the process that runs it now."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

LIVED_WELL_SECONDS = 5.0
FIRST_DELAY_SECONDS = 0.25
LONGEST_DELAY_SECONDS = 2.0

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to keep running.

    `env` is added to our own environment. `ready` says whether it serves; it must not raise and must answer
    soon. `death_signal` is what the process gets when its supervisor dies (Linux only). Programs may share a
    name: they are then stopped together, and share a log.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    ready: Callable[[], bool] | None = None
    ready_seconds: float = 15.0
    grace_seconds: float = 5.0
    death_signal: signal.Signals = signal.SIGTERM


class Child:
    """The process of a program: at most one at a time, in a session and process group of its own."""

    def __init__(self, program: Program, log: Path | None) -> None:
        self.program = program
        self.log = log
        self.returncode: int | None = None
        self.due: float | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._delay = 0.0

    @property
    def pid(self) -> int | None:
        """The process id, or None while it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the process. Raises OSError when it cannot be started."""
        self.due = None
        self._started = time.monotonic()
        with ExitStack() as stack:
            output = stack.enter_context(self.log.open("ab")) if self.log else None
            self._process = subprocess.Popen(
                list(self.program.argv),
                env={**os.environ, **(self.program.env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), self.program.death_signal),
            )

    def reap(self) -> bool:
        """Whether the process has ended since the last look. What it left in its group is killed."""
        if self._process is None or self._process.poll() is None:
            return False
        self.signal_group(signal.SIGKILL)
        self.returncode = self._process.returncode
        self._process = None
        return True

    def plan_restart(self) -> float:
        """Sets when to start again, and says in how many seconds: 0 if it lived well, else growing."""
        if time.monotonic() - self._started > LIVED_WELL_SECONDS:
            self._delay = 0.0
            delay = 0.0
        else:
            delay = self._delay = min(max(FIRST_DELAY_SECONDS, self._delay * 2), LONGEST_DELAY_SECONDS)
        self.due = time.monotonic() + delay
        return delay

    def terminate(self) -> None:
        """Asks the process, and no other of its group, to end; it sees to its own children."""
        if self._process:
            self._process.terminate()

    def kill(self) -> None:
        """Kills the whole process group and waits for the process."""
        if self._process:
            self.signal_group(signal.SIGKILL)
            self._process.wait()
            self.reap()

    def signal_group(self, number: signal.Signals) -> None:
        """Sends a signal to the process group; a group that is gone is fine."""
        if self._process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(number))
        # The parent may have died before the line above took effect.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return arrange
