"""The ladder, run after run: what it tells, and what it leaves behind. The runs are made."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from clinic.drill import outage
from clinic.drill.play import Broken, Times
from clinic.drill.record import Run
from clinic.running.supervisor import StartFailed
from tests.clinic.drill import made

TURNS = [("incident", "out"), ("evenkeel", "well"), ("evenkeel", "out")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary homes are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(outage, "prepare", lambda template: template.mkdir())
    return tmp_path


def play(monkeypatch: pytest.MonkeyPatch, run: Callable[[str, str], Run | None]) -> None:
    """Puts `run` of design and vendor in the place of real processes; it finds its home made."""

    class Play:
        def __init__(self, stage: tuple[Path, str], vendor: str, times: Times) -> None:
            self.stage, self.vendor = stage, vendor

        def run(self, say: outage.Say) -> Run | None:
            assert self.stage[0].is_dir()
            say("starting web")
            return run(self.stage[1], self.vendor)

    def set_up(template: Path, home: Path, design: str, seconds: float) -> tuple[Path, str]:
        assert template.is_dir()
        home.mkdir()
        return home, design

    monkeypatch.setattr(outage, "set_up", set_up)
    monkeypatch.setattr(outage, "Play", Play)


def test_runs_are_played_in_turn_and_told_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, made.run)
    said: list[str] = []
    told: list[Run] = []
    runs = outage.replay(20, TURNS, said.append, told.append)
    assert [(run.design, run.vendor) for run in runs] == TURNS
    assert told == runs
    assert said[:2] == ["making the clinics", "1 of 3: incident, vendor out: starting web"]
    assert said[-1] == "3 of 3: evenkeel, vendor out: done, about 0 s left"
    assert list(folder.iterdir()) == []


def test_stopped_drill_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, lambda design, vendor: None)
    with pytest.raises(outage.Stopped):
        outage.replay(20, TURNS, lambda what: None, lambda run: None)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        StartFailed("web was not ready"),
        Broken("load ended"),
        OSError("no space"),
        redis.ConnectionError("gone"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failed_drill_keeps_its_logs_and_says_where(
    error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(design: str, vendor: str) -> Run:
        raise error

    play(monkeypatch, fails)
    with pytest.raises(outage.Failed) as failed:
        outage.replay(20, TURNS, lambda what: None, lambda run: None)
    (kept,) = folder.iterdir()
    assert str(error) in str(failed.value) and str(kept) in str(failed.value)
    assert (kept / "incident-out").is_dir()


def test_error_of_ours_is_no_failure_of_the_drill(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def errs(design: str, vendor: str) -> Any:
        raise TypeError("a fault of ours")

    play(monkeypatch, errs)
    with pytest.raises(TypeError):
        outage.replay(20, TURNS, lambda what: None, lambda run: None)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("seconds", "words"), [(12.4, "12 s"), (89, "89 s"), (90, "2 min"), (600, "10 min")])
def test_spans_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert outage.in_words(seconds) == words
