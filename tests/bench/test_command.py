"""The command from its words to its table, its JSON and its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any
from unittest.mock import MagicMock, Mock

import pytest

from tests.bench import __main__ as command
from tests.bench import rows, table
from tests.bench.part import QUICK, Sizes
from tests.bench.remote import ROOT
from tests.bench.rows import Row
from tests.bench.stats import NotMeasured

GOOD = rows.more("/live/", 2000.0, "/s", "a view", 100.0, 10)
BAD = rows.sooner("crowd", 79.0, "ms", "consumers", 400.0, 8)
LATE = rows.reported("crowd, ms", 79.0, "ms", reach=50)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Stands for the measuring itself."""
    bench = Mock(method=["how it was done"], broken=[])
    measure = Mock(return_value=(bench, [GOOD]))
    monkeypatch.setattr(command, "_measure", measure)
    monkeypatch.setattr(command, "forget_settings", Mock())
    return measure


def given(measured: Mock, *found: Row) -> None:
    measured.return_value = (measured.return_value[0], list(found))


def test_strict_fails_for_a_ratio_that_is_not_met_and_names_it(measured: Mock, capsys: Any) -> None:
    given(measured, GOOD, BAD)
    assert command.main(["--strict"]) == 1
    assert "not met: crowd" in capsys.readouterr().err
    assert command.main([]) == 0


def test_strict_does_not_fail_for_milliseconds(measured: Mock, capsys: Any) -> None:
    given(measured, GOOD, LATE)
    assert command.main(["--strict"]) == 0
    assert "not met" not in capsys.readouterr().err


def test_a_part_that_breaks_costs_no_row_of_another_and_the_command_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    place = MagicMock()
    place.__enter__.return_value = place
    monkeypatch.setattr(command.site, "opened", Mock(return_value=place))
    parts = {"good": Mock(return_value=[GOOD]), "bad": Mock(side_effect=NotMeasured("no samples"))}
    monkeypatch.setattr(command, "PARTS", {"worse": parts["bad"], **parts})
    monkeypatch.setattr(command, "forget_settings", Mock())
    assert command.main(["--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["rows"] == [GOOD.as_json()]
    assert "not measured: worse: no samples" in said.err and "not measured: bad: no samples" in said.err


def test_standard_output_is_one_line_of_json(measured: Mock, capsys: Any) -> None:
    given(measured, GOOD, BAD)
    command.main(["--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == [GOOD.as_json(), BAD.as_json()]
    assert {"Django", "rq", "Valkey", "Python", "SQLite"} <= set(found["machine"]["versions"])
    assert len(found["machine"]["load"]) == 3
    assert found["machine"]["method"] == ["how it was done"]


def test_the_table_shows_every_row_its_ratio_and_how_it_was_measured(measured: Mock, capsys: Any) -> None:
    given(measured, GOOD, BAD, LATE)
    command.main([])
    text = capsys.readouterr().out
    lines = text.splitlines()
    bad = next(line for line in lines if line.startswith("crowd "))
    assert bad.split() == [
        "crowd",
        "79",
        "ms",
        "consumers",
        "400",
        "ms",
        "0.198",
        "at",
        "least",
        "8x",
        "sooner",
        "NO",
    ]
    assert "* how it was done" in lines
    assert "cores" in lines[0] and "Django 5.2" in text


def test_columns_stand_under_their_heads() -> None:
    machine = {"cores": 2, "cpu": "c", "system": "s", "load": [1.0], "versions": {}, "method": []}
    lines = [line for line in table.text(machine, [GOOD, BAD]).splitlines() if line]
    head, *body = lines[1:]
    assert [line.index("at least") for line in body] == [head.index("goal")] * 2


def test_words_choose_parts_and_sizes(measured: Mock) -> None:
    command.main(["--only", "live", "--only", "ring", "--quick"])
    command.main([])
    assert measured.call_args_list[0].args == (["live", "ring"], QUICK)
    assert measured.call_args_list[1].args == (list(command.PARTS), Sizes())


def test_an_unknown_part_is_refused(measured: Mock) -> None:
    with pytest.raises(SystemExit) as refusal:
        command.main(["--only", "nonsense"])
    assert refusal.value.code == 2
    measured.assert_not_called()


def test_sigterm_ends_blocks_as_it_ends_the_command() -> None:
    kept = signal.getsignal(signal.SIGTERM)
    try:
        command.end_at_sigterm()
        with pytest.raises(SystemExit) as end:
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, kept)
    assert end.value.code == 143


def test_own_settings_of_a_person_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {
        "EVENKEEL_VENDOR": "off",
        "DATABASE_URL": "postgresql://x",
        "REDIS_URL": "redis://x",
        "PATH": "/bin",
    }
    monkeypatch.setattr(os, "environ", environ)
    command.forget_settings()
    assert environ == {"PATH": "/bin"}


def test_the_whole_way_with_real_servers() -> None:
    parts = ("crowd", "live", "burst", "ring")
    words = ["--quick", "--json", *(word for part in parts for word in ("--only", part))]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *words], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"machine", "rows"}
    fields = {"name", "value", "unit", "rival", "rival_value", "goal", "met"}
    assert all(set(row) == fields for row in found["rows"])
    names = [row["name"] for row in found["rows"]]
    assert {"40 screens hear one change", "/live/<topic>/", "vendor requests for 40 changes"} <= set(names)
    assert "bench:" in done.stderr and "Traceback" not in done.stderr
