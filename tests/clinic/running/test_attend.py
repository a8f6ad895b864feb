"""A supervisor that is used for a while, by a program that has something else to do."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from clinic.running.supervisor import Program, Supervisor

SLEEPER = Program("sleeper", [sys.executable, "-ISc", "import time; time.sleep(60)"])


def test_what_dies_meanwhile_is_started_again(tmp_path: Path) -> None:
    with Supervisor(log_dir=tmp_path, on_exit=lambda *_: None) as supervisor:
        supervisor.add(SLEEPER)
        (first,) = supervisor.pids()["sleeper"]
        os.kill(first, signal.SIGKILL)
        supervisor.attend(0.6)
        (second,) = supervisor.pids()["sleeper"]
    assert second != first


def test_it_takes_as_long_as_was_said(tmp_path: Path) -> None:
    began = time.monotonic()
    with Supervisor(log_dir=tmp_path) as supervisor:
        supervisor.attend(0.2)
        assert 0.2 <= time.monotonic() - began < 1


def test_stop_signal_ends_it_at_once(tmp_path: Path) -> None:
    began, went_on = time.monotonic(), False
    with Supervisor(log_dir=tmp_path) as supervisor:
        os.kill(os.getpid(), signal.SIGTERM)
        supervisor.attend(30)
        went_on = True
    assert not went_on
    assert time.monotonic() - began < 5
