"""manage.py drill: what it prints and writes, and how it ends. The runs are made."""

from __future__ import annotations

import io
import itertools
import json
import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper

from clinic.drill import outage
from clinic.drill.record import Run
from clinic.management.commands.drill import LONGEST, Progress
from realtime import job_queues
from tests.clinic.drill import made

Turns = list[tuple[str, str]]


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Path:
    """Evenkeel's."""
    settings.HOME = tmp_path / "home"
    return tmp_path / "home"


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, home: Path) -> Turns:
    """The turns that were asked for; what comes of them is made."""
    turns: Turns = []

    def replay(seconds: float, asked: Sequence[outage.Turn], say: Any, told: Any) -> list[Run]:
        turns.extend(asked)
        runs = [made.run(*turn) for turn in asked]
        for run in runs:
            told(run)
        return runs

    monkeypatch.setattr(outage, "replay", replay)
    return turns


def test_all_designs_are_played_well_and_out(played: Turns, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("drill", "outage")
    assert played == [(key, vendor) for key in outage.titles() for vendor in ("well", "out")]
    assert "Evenkeel" in capsys.readouterr().out


def test_json_is_all_that_standard_output_carries(played: Turns, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("drill", "outage", "--json", "--seconds", "20")
    shown = capsys.readouterr()
    said = json.loads(shown.out)
    assert [len(said["rows"]), said["met"]] == [12, True]
    assert "12 runs of 20 s each: about 6 min in all" in shown.err
    assert "evenkeel, vendor out: EMR start p99" in shown.err


def test_missed_goal_is_a_failure(
    played: Turns, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An EMR job of Evenkeel's that never began."""
    run = made.run

    def lossy(design: str = "evenkeel", vendor: str = "out") -> Run:
        one = run(design, vendor)
        return replace(one, emr=(*one.emr[:-1], replace(one.emr[-1], seconds=None)))

    monkeypatch.setattr(made, "run", lossy)
    with pytest.raises(SystemExit) as ended:
        call_command("drill", "outage", "--json")
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["met"] is False


def slow(run: Run) -> Run:
    """Its EMR jobs wait a second and a half longer."""
    return replace(run, emr=tuple(replace(one, seconds=(one.seconds or 0) + 1.5) for one in run.emr))


@pytest.mark.parametrize(("noisy", "code"), [(1, 0), (2, 0), (3, 1), (9, 1)])
def test_noise_is_judged_by_the_best_of_three_pairs(
    noisy: int, code: int, played: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`noisy`: how many outages in a row are slow in Evenkeel's runs."""
    run, many = made.run, itertools.count(1)

    def made_run(design: str = "evenkeel", vendor: str = "out") -> Run:
        is_slow = (design, vendor) == ("evenkeel", "out") and next(many) <= noisy
        return slow(run(design, vendor)) if is_slow else run(design, vendor)

    monkeypatch.setattr(made, "run", made_run)
    with pytest.raises(SystemExit) if code else nullcontext():
        call_command("drill", "outage", "--json")
    assert played[12:] == [("evenkeel", "well"), ("evenkeel", "out")] * min(noisy, 2)


def test_one_state_alone_is_not_played_again(played: Turns) -> None:
    """Nothing is beside it, so nothing is noise."""
    with pytest.raises(SystemExit):
        call_command("drill", "outage", "--only", "evenkeel", "--vendor", "out")
    assert played == [("evenkeel", "out")]


def test_some_of_the_designs(played: Turns) -> None:
    """What was not run is not met."""
    with pytest.raises(SystemExit):
        call_command("drill", "outage", "--only", "evenkeel, incident", "--vendor", "out")
    assert played == [("incident", "out"), ("evenkeel", "out")]


def test_report_is_written(played: Turns, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("drill", "outage", "--json", "--report", str(tmp_path / "made" / "here"))
    assert "manage.py drill outage --seconds 36" in (tmp_path / "made" / "here" / "drill.html").read_text()
    shown = capsys.readouterr()
    assert json.loads((tmp_path / "made" / "here" / "drill.json").read_text()) == json.loads(shown.out)
    assert f"written: {tmp_path / 'made' / 'here' / 'drill.html'}" in shown.err


def test_plain_drill_writes_its_report_into_the_home(played: Turns, home: Path) -> None:
    call_command("drill", "outage")
    assert sorted(path.name for path in (home / "drill").iterdir()) == ["drill.html", "drill.json", "drill.svg"]
    assert len(json.loads((home / "drill" / "drill.json").read_text())["rows"]) == 12


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ((), "manage.py drill outage --seconds 36"),
        (("--seconds", "20.5"), "manage.py drill outage --seconds 20.5"),
        (
            ("--only", "evenkeel, incident", "--vendor", "out"),
            "manage.py drill outage --seconds 36 --only incident,evenkeel --vendor out",
        ),
    ],
)
def test_report_says_how_to_play_the_same_again(
    words: tuple[str, ...], again: str, played: Turns, home: Path
) -> None:
    with suppress(SystemExit):
        call_command("drill", "outage", *words)
    assert f"<code>{again}</code>" in (home / "drill" / "drill.html").read_text()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--only", "evenkeel,hystrix"), "--only hystrix: there is no such design"),
        (("--seconds", "3"), "--seconds 3: write 8 to 540"),
        (("--seconds", "541"), "--seconds 541: write 8 to 540. A job that has ended is forgotten after 600 s"),
        (("--seconds", "inf"), "--seconds inf: write 8 to 540"),
        (("--seconds", "nan"), "--seconds nan: write 8 to 540"),
    ],
)
def test_wrong_options_are_told_before_anything_runs(played: Turns, words: tuple[str, ...], what: str) -> None:
    with pytest.raises(CommandError, match=what):
        call_command("drill", "outage", *words)
    assert played == []


def raising(error: BaseException) -> Callable[..., list[Run]]:
    def replay(*words: Any) -> list[Run]:
        raise error

    return replay


def test_stopped_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(outage, "replay", raising(outage.Stopped()))
    with pytest.raises(SystemExit) as ended:
        call_command("drill", "outage", "--json")
    assert ended.value.code == 130
    shown = capsys.readouterr()
    assert "every process of the drill has ended" in shown.err
    assert shown.out == ""


def test_sigterm_leaves_no_temporary_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the clinics are made no supervisor is there to hear it."""
    found: list[Path] = []

    def prepare(template: Path) -> None:
        template.mkdir()
        found.append(template)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(outage, "prepare", prepare)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit) as ended:
            call_command("drill", "outage")
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 143
    assert len(found) == 1 and list(tmp_path.iterdir()) == []


def test_longest_run_ends_before_its_first_jobs_are_forgotten() -> None:
    around = outage.AROUND_SECONDS
    assert LONGEST + around < job_queues.RESULT_SECONDS


def test_failed_says_where_the_logs_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "replay", raising(outage.Failed("web ended. Logs are kept in /somewhere.")))
    with pytest.raises(CommandError, match="kept in /somewhere"):
        call_command("drill", "outage")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_shows_one_line_that_changes() -> None:
    """And keeps the figures of each run."""
    screen = Screen()
    progress = Progress(OutputWrapper(screen))
    progress.say("1 of 2: evenkeel, vendor out: starting web")
    progress.say("1 of 2: evenkeel, vendor out: the vendor is out, 12 s left")
    progress.told(made.run("evenkeel", "out"))
    first, second, told = screen.getvalue().split("\r")[1:]
    assert first == "1 of 2: evenkeel, vendor out: starting web\033[K"
    assert second.startswith("1 of 2") and "\n" not in second
    assert told.endswith(" ms\n")


def test_file_gets_a_line_a_run_only() -> None:
    log = io.StringIO()
    progress = Progress(OutputWrapper(log))
    progress.say("1 of 2: evenkeel, vendor out: the vendor is out, 12 s left")
    progress.say("1 of 2: evenkeel, vendor out: done, about 40 s left")
    assert log.getvalue() == "1 of 2: evenkeel, vendor out: done, about 40 s left\n"
