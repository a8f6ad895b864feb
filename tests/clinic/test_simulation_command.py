"""manage.py simulate."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinic.models import Clinic, Visit, VisitEvent
from clinic.states import Verb
from tests.factories import make_clinic, make_visit

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = [sys.executable, "manage.py"]


def simulate(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    call_command("simulate", "--instant", "--json", *words)
    out: dict[str, Any] = json.loads(capsys.readouterr().out)
    return out


def test_the_same_seed_and_options_are_the_same_digest(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    """In one database, one after the other, with what the first has left there."""
    words = ["--clinics=2", "--hours=1.5", "--surge=Mon 09:00 30m 3x"]
    one, again, other = (simulate(capsys, *words, f"--seed={seed}") for seed in (5, 5, 6))
    assert {**one, "seconds": 0} == {**again, "seconds": 0}
    assert one["digest"] != other["digest"]
    assert one["check_ins"] > 10


def test_the_summary_says_what_is_in_the_database(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    said = simulate(capsys, "--clinics=2", "--hours=2", "--week=2024-W10", "--from=Sat 09:00")
    assert list(said) == [
        "seed", "clinics", "from", "to", "arrivals", "check_ins", "families", "calls", "undone", "left",
        "no_shows", "forgotten", "refused", "digest", "seconds",
    ]  # fmt: skip
    assert (said["from"], said["to"]) == ("2024-03-09T09:00:00-06:00", "2024-03-09T11:00:00-06:00")
    assert said["check_ins"] == Visit.objects.exclude(arrived_at=None).count() > 10
    assert said["calls"] == VisitEvent.objects.filter(verb=Verb.CALL).count()
    assert list(Clinic.objects.order_by("pk").values_list("slug", flat=True)) == ["sim-1", "sim-2"]


def test_a_day_of_a_clinic_takes_seconds(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty clinic-days within two minutes, of this process's own time: the machine may be busy."""
    began = time.process_time()
    simulate(capsys, "--from=Mon 06:00", "--hours=24")
    assert time.process_time() - began < 6


def test_an_existing_clinic_keeps_its_patients(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    harbor = make_clinic()
    before = make_visit(harbor)
    call_command("simulate", "--at=harbor", "--hours=3", "--speed=inf")
    assert not Clinic.objects.filter(slug="sim-1").exists()
    assert Visit.objects.filter(clinic=harbor).count() > 5
    assert not before.events.filter(verb=Verb.ENTER_IN_ERROR).exists()
    assert "check-ins" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (["--speed=0"], "write a number above 0"),
        (["--speed=nan"], "write a number above 0"),
        (["--hours=0"], "write a number above 0"),
        (["--hours=-1"], "write a number above 0"),
        (["--hours=nan"], "write a number above 0"),
        (["--hours=inf", "--instant"], "write a number above 0"),
        (["--clinics=0"], "write a number from 1 to 1000"),
        (["--at=nowhere"], "there is no such clinic"),
        (["--at=harbor", "--instant"], "leave out --instant"),
        (["--from=Someday"], 'such as "Mon 08:00"'),
        (["--week=2019-W54"], 'such as "2019-W03"'),
        (["--week="], 'such as "2019-W03"'),
        (["--surge=Mon 09:00"], 'such as "Mon 09:00 2h 3x"'),
    ],
)
def test_a_bad_option_is_refused_with_what_to_write(db: None, wrong: Sequence[str], hint: str) -> None:
    with pytest.raises(CommandError, match=hint):
        call_command("simulate", *wrong)
    assert not Clinic.objects.exists()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process with a database of its own."""
    path = tmp_path_factory.mktemp("home")
    (path / "assets").mkdir()
    env = {**os.environ, "EVENKEEL_HOME": str(path), "EVENKEEL_LOG_LEVEL": "ERROR"}
    subprocess.run([*MANAGE, "migrate", "-v0"], cwd=ROOT, env=env, check=True, timeout=60)
    return env


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_with_the_summary(home: dict[str, str], number: signal.Signals) -> None:
    command = [*MANAGE, "simulate", "--speed=1200", "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, env=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        assert "Mon 09:00" in running.stderr.readline()
        running.send_signal(number)
        said = json.loads(running.stdout.read())
        assert running.wait(20) == 0
    assert said["to"].startswith("2019-01-14T")
