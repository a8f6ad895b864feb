"""The parts of `make soak` that would rot unseen between two runs: the patches and the ledger."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.soak import ledger, mutation
from tests.soak.broken import DoesNotApply, Hunk, Patch, patches

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
    assert {patch.law for patch in patches()} == set(range(1, 8))
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
    assert all(one.count >= one.lost >= 0 for one in ledger.read())
