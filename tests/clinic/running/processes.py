"""Real processes for the tests of what keeps processes running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.waiting import until

ROOT = Path(__file__).resolve().parents[3]

SUPERVISE = """
import json, sys
from pathlib import Path
from clinic.running.supervisor import Program, Supervisor
programs = [Program(**program) for program in json.loads(sys.argv[1])]
with Supervisor(programs, log_dir=Path(sys.argv[2])) as supervisor:
    supervisor.run()
"""

# Does what the test wants first, says its process id in a file, line by line over restarts, and does the rest.
BORN = """
import os, signal, subprocess, sys, time
{first}
with open(sys.argv[1], "a") as births:
    births.write(f"{{os.getpid()}}\\n")
{code}
"""


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Births:
    """The processes of one supervised script, oldest first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pids(self) -> list[int]:
        return [int(line) for line in self.path.read_text().split()] if self.path.exists() else []

    def wait(self, number: int, within: float = 5.0) -> list[int]:
        return until(lambda: self.pids() if len(self.pids()) >= number else None, within)


class Rig:
    """Starts scripts as processes of their own, and takes them along when the test ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log_dir = directory / "log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._births: list[Births] = []
        self.env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(directory)])}

    def python(self, code: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", code, *arguments]
        process = subprocess.Popen(command, env=self.env, cwd=self.directory, **options)
        self._processes.append(process)
        return process

    def born(self, name: str, code: str = "time.sleep(60)", first: str = "") -> tuple[dict[str, Any], Births]:
        """A program that runs `first`, records its birth and then runs `code`."""
        births = Births(self.directory / f"{name}.births")
        self._births.append(births)
        argv = [sys.executable, "-IS", "-c", BORN.format(first=first, code=code), str(births.path)]
        return {"name": name, "argv": argv}, births

    def supervise(self, *programs: dict[str, Any]) -> subprocess.Popen[bytes]:
        return self.python(SUPERVISE, json.dumps(programs), str(self.log_dir))

    def clear(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
                pipe.close()
        for pid in [pid for births in self._births for pid in births.pids()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
