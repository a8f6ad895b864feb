"""The parts of `make soak` that would rot unseen between two runs: the patches and the ledger."""

from __future__ import annotations

import re
from argparse import Namespace
from collections import Counter
from pathlib import Path
from random import Random
from subprocess import CompletedProcess, TimeoutExpired

import pytest

from tests.soak import ledger, mutation, part, victims
from tests.soak.broken import DoesNotApply, Hunk, Patch, patches
from tests.soak.victims import Hand
from tests.stack import Stack

ROOT = mutation.ROOT


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.name)
def test_patch_applies_to_the_code_of_today_and_names_tests(patch: Patch) -> None:
    changed = patch.applied(ROOT)
    assert changed
    for file, text in changed.items():
        assert text != (ROOT / file).read_text()
        if file.endswith(".py"):
            compile(text, file, "exec")
    assert patch.fails
    for test in patch.fails:
        file, name = test.split("::")
        assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), flags=re.M), test


def test_each_law_is_broken_by_a_patch() -> None:
    assert {patch.law for patch in patches()} == set(range(1, 9))
    assert all(patch.name.startswith(f"{patch.law}-") for patch in patches())


@pytest.mark.parametrize("text", ["", "b = 2\nb = 2\n"])
def test_hunk_without_its_one_place_does_not_apply(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text)
    with pytest.raises(DoesNotApply, match=r"p: \d places in a\.py"):
        Patch("p", 1, "", [], [Hunk("a.py", "b = 2\n", "b = 3\n")]).applied(tmp_path)


def test_ledger_adds_up_over_runs_and_names_no_place(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    for lost in (0, 1):
        ledger.append(ledger.entry("kills", 7, 100, lost, 1800.0), file)
    assert ledger.sums(ledger.read(file)).splitlines()[1].split() == ["kills", "2", "200", "1", "1.00"]
    assert not re.search(rf"{Path.home()}|/tmp|{ROOT}", file.read_text())


def test_ledger_that_is_kept_can_be_read() -> None:
    assert all(min(one.count, one.lost) >= 0 for one in ledger.read())


@pytest.mark.parametrize("error", [AssertionError("not back"), OSError("no space")])
def test_part_that_breaks_is_a_loss_in_the_ledger_and_ends_no_other(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def breaks(words: Namespace) -> part.Result:
        raise error

    lines: list[ledger.Entry] = []
    monkeypatch.setattr(ledger, "append", lines.append)
    words = Namespace(seed=7, ledger=True)
    assert not part.run("breaks", breaks, words)
    assert part.run("holds", lambda words: part.Result(5, 0), words)
    assert [(one.part, one.count, one.lost) for one in lines] == [("breaks", 0, 1), ("holds", 5, 0)]


def test_cut_of_the_layer_is_no_kill() -> None:
    hand = Hand(Stack.__new__(Stack), Random(1), Counter({"kill web": 2, "cut layer": 3, "freeze emr": 4}))
    assert hand.killed() == 2


def test_process_that_is_gone_by_the_next_look_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([[], [7], []])
    monkeypatch.setattr(victims, "_pids", lambda stack, name: next(looks))
    assert Hand(Stack.__new__(Stack), Random(1))._wait_for("web") == 7


@pytest.mark.parametrize(
    ("said", "caught"),
    [
        ("FAILED t.py::test_a[1] - assert 0\nFAILED t.py::test_b - assert 0", True),
        ("FAILED t.py::test_a - assert 0", False),
        ("FAILED t.py::test_a - assert 0\nFAILED t.py::test_b_more - assert 0", False),
        (
            "FAILED t.py::test_a - assert 0\nFAILED t.py::test_b[1] - assert 0\nERROR t.py::test_b[2] - no Redis",
            False,
        ),
        (
            "FAILED t.py::test_a - assert 0\nFAILED t.py::test_b[1] - assert 0\nERROR t.py::test_b[1] - a name",
            True,
        ),
    ],
)
def test_law_is_held_when_each_test_named_fails(said: str, caught: bool) -> None:
    done = CompletedProcess([], 1, stdout=said, stderr="")
    assert mutation._verdict(done, ["t.py::test_a", "t.py::test_b"])[0] == caught


def test_tests_that_do_not_end_are_a_clear_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def hangs(*words: object, timeout: float, **more: object) -> None:
        raise TimeoutExpired("pytest", timeout)

    monkeypatch.setattr(mutation.subprocess, "run", hangs)
    with pytest.raises(AssertionError, match="with no law broken, they did not end: 300 s"):
        mutation._check_unbroken(tmp_path, [Patch("p", 1, "", ["t.py::test_a", "t.py::test_b"], [])])
