"""Whoever gets past the database's refusals is found: in the middle of a chain, at its end, and all over it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from clinic import audit, audit_check, audit_triggers
from clinic.models import AuditChain, AuditEvent, Clinic
from clinic.running.schedule import tasks
from realtime import tally
from tests.factories import make_clinic, make_visit

pytestmark = pytest.mark.django_db


# By database. A trigger of PostgreSQL may be off, or heeded by nobody but a replica.
OUT_OF_FORCE = {
    "sqlite": [("DROP TRIGGER audit_no_update", ["audit_no_update"])],
    "postgresql": [
        ("ALTER TABLE clinic_auditevent DISABLE TRIGGER audit_no_change", ["audit_no_change"]),
        ("ALTER TABLE clinic_auditevent ENABLE REPLICA TRIGGER audit_no_change", ["audit_no_change"]),
        ("ALTER TABLE clinic_auditevent ENABLE ALWAYS TRIGGER audit_no_change", []),
    ],
}


@pytest.fixture
def forger() -> Iterator[Any]:
    """Does what the owner of the database can: without its triggers, for the rest of the test's transaction."""
    names = ("no_update", "no_delete", "no_replace", "no_gap")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE clinic_auditevent DISABLE TRIGGER USER")
        else:
            for name in names:
                cursor.execute(f"DROP TRIGGER audit_{name}")
        yield cursor


@pytest.fixture
def chain(harbor: Clinic) -> int:
    """Of ten rows."""
    for _n in range(10):
        make_visit(harbor)
    return harbor.pk


def problems(known: list[audit_check.Head] | None = None) -> list[str]:
    return [what for one in audit_check.check(known or []) for _number, what in one.problems]


def verify(*words: str) -> tuple[int, str]:
    """The exit code, and what was said."""
    said = io.StringIO()
    try:
        call_command("audit", "verify", *words, stdout=said, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()


def test_whole_chains(chain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    make_visit(make_clinic("inland"))
    monkeypatch.setattr(audit_check, "BATCH", 3)
    steps: list[int] = []
    found = list(audit_check.check([], steps.append))
    assert [(one.rows, one.problems) for one in found] == [(10, []), (1, [])]
    assert [one.head for one in found] == audit_check.heads()
    assert steps == [3, 3, 3, 1, 1]


def test_row_that_was_changed(chain: int, forger: Any) -> None:
    forger.execute("UPDATE clinic_auditevent SET actor = 'mallory' WHERE sequence = 4")
    assert problems() == ["Row 4 was changed."]


@pytest.mark.parametrize("column", sorted({*audit.HASHED} - {"chain", "sequence", "at", "detail", "actor_id"}))
def test_no_field_can_be_changed(chain: int, forger: Any, column: str) -> None:
    forger.execute(f"UPDATE clinic_auditevent SET {column} = 'x' WHERE sequence = 4")
    assert any("Row 4" in one for one in problems())


def test_time_and_detail_and_number_cannot_be_changed(chain: int, forger: Any) -> None:
    forger.execute("UPDATE clinic_auditevent SET at = '2020-01-01 00:00:00+00:00' WHERE sequence = 4")
    forger.execute('UPDATE clinic_auditevent SET detail = \'{"to": "left"}\' WHERE sequence = 5')
    forger.execute("UPDATE clinic_auditevent SET actor_id = 7 WHERE sequence = 6")
    assert problems() == [f"Row {number} was changed." for number in (4, 5, 6)]


def test_row_that_was_changed_together_with_its_hash(chain: int, forger: Any) -> None:
    row = AuditEvent.objects.get(sequence=4)
    row.actor = "mallory"
    values = [row.actor, audit.digest_of(row)]
    forger.execute("UPDATE clinic_auditevent SET actor = %s, hash = %s WHERE sequence = 4", values)
    assert problems() == ["Row 5 does not follow the row before it."]


def test_rows_cut_out_of_the_middle(chain: int, forger: Any) -> None:
    forger.execute("DELETE FROM clinic_auditevent WHERE sequence IN (3, 6, 7)")
    assert problems() == ["Row 3 is missing.", "Row 6 and all rows up to 7 are missing."]


def test_end_that_was_cut_off(chain: int, forger: Any) -> None:
    forger.execute("DELETE FROM clinic_auditevent WHERE sequence > 7")
    assert problems() == ["Row 8 and all after it are missing: the chain went on to 10."]


def test_end_that_was_cut_off_and_forged_shows_by_a_head_that_was_kept(chain: int, forger: Any) -> None:
    known = audit_check.heads()
    forger.execute("DELETE FROM clinic_auditevent WHERE sequence > 7")
    last = AuditEvent.objects.get(sequence=7)
    AuditChain.objects.update(sequence=7, hash=last.hash)
    assert problems() == []
    assert problems(known) == ["Row 10 was the last row once, by a head that was kept, and is not there now."]


def test_chain_that_was_written_anew_shows_by_a_head_that_was_kept(chain: int, forger: Any) -> None:
    known, before = audit_check.heads(), ""
    for row in AuditEvent.objects.order_by("sequence"):
        row.actor, row.previous = "mallory", before
        row.hash = before = audit.digest_of(row)
        values = [row.actor, row.previous, row.hash, row.pk]
        forger.execute("UPDATE clinic_auditevent SET actor = %s, previous = %s, hash = %s WHERE id = %s", values)
    AuditChain.objects.update(hash=before)
    assert problems() == []
    assert problems(known) == ["Row 10 is not the one of the head that was kept: the chain was written anew."]


def test_chain_that_is_gone_with_its_end(chain: int, forger: Any) -> None:
    known = audit_check.heads()
    AuditChain.objects.all().delete()
    assert problems() == ["Row 10 belongs to a chain whose end was taken away."]
    forger.execute("DELETE FROM clinic_auditevent")
    assert len(problems(known)) == 2


def test_row_that_was_slipped_in_after_the_end(chain: int) -> None:
    """The database takes one that follows: the chain's end does not know it."""
    row = AuditEvent.objects.get(sequence=10)
    row.pk, row.sequence, row.previous = None, 11, row.hash
    row.hash = audit.digest_of(row)
    row.save(force_insert=True)
    assert problems() == ["Row 11 is not the chain's end, which is 10."]


@pytest.mark.parametrize("ends", [{"sequence": 7}, {"hash": "x"}, {"sequence": 12, "hash": "x"}, None])
def test_chain_whose_end_does_not_fit_goes_on_and_tells_of_it(
    harbor: Clinic, chain: int, ends: dict[str, Any] | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Who comes at night is checked in, whoever was at the database."""
    rows = AuditChain.objects.filter(pk=chain)
    rows.update(**ends) if ends else rows.delete()
    assert make_visit(harbor).state == "waiting"
    mended, told = AuditEvent.objects.filter(chain=chain, sequence__gt=10).order_by("sequence")
    assert (mended.action, mended.detail["to"], told.action) == ("audit.mend", 10, "visit.check-in")
    counted = [number for name, number in tally._counted.items() if "evenkeel_audit_mended" in name]
    assert "is damaged" in caplog.text and counted == [1]
    make_visit(harbor)
    (problem,) = problems()
    assert problem.startswith("Row 11 tells of damage: the chain had gone on to") and "10 was its last" in problem


def test_chain_whose_last_rows_are_gone_goes_on(harbor: Clinic, chain: int, forger: Any) -> None:
    forger.execute("DELETE FROM clinic_auditevent WHERE sequence > 7")
    make_visit(harbor)
    assert problems() == ["Row 8 tells of damage: the chain had gone on to 10, and 7 was its last row."]


def test_trigger_that_is_gone_is_told_of_and_put_back(chain: int, forger: Any) -> None:
    code, said = verify()
    assert code == 1 and "lets the audit be changed" in said and "audit_no_gap" in said
    call_command("audit", "protect")
    assert verify()[0] == 0
    with pytest.raises(DatabaseError, match="the audit is only added to"), transaction.atomic():
        AuditEvent.objects.update(actor="mallory")


@pytest.mark.parametrize(("statement", "gone"), OUT_OF_FORCE[connection.vendor])
def test_trigger_that_is_not_in_force_is_gone(harbor: Clinic, statement: str, gone: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert json.loads(verify("--json")[1])["triggers_gone"] == audit_triggers.gone() == gone
    call_command("audit", "protect")
    assert verify()[0] == 0


def test_command_says_that_it_is_whole(chain: int) -> None:
    code, said = verify()
    assert (code, said.splitlines()[0]) == (0, "Whole: no row of the audit was changed or taken out.")


def test_command_says_it_in_words_and_in_json(chain: int, forger: Any) -> None:
    forger.execute("UPDATE clinic_auditevent SET actor = 'mallory' WHERE sequence = 4")
    code, said = verify()
    assert (code, said.splitlines()[0]) == (1, f"Chain {chain} (of harbor): Row 4 was changed.")
    code, said = verify("--json")
    found = json.loads(said)
    assert (code, found["whole"], found["rows"]) == (1, False, 10)
    assert found["chains"][0]["problems"] == [{"sequence": 4, "what": "Row 4 was changed."}]


def test_command_compares_with_heads_that_it_wrote(chain: int, tmp_path: Path, harbor: Clinic) -> None:
    kept, said = tmp_path / "heads", io.StringIO()
    call_command("audit", "heads", stdout=said)
    kept.write_text(said.getvalue())
    make_visit(harbor)
    assert verify("--heads", str(kept))[0] == 0
    kept.write_text(said.getvalue().replace(f"{chain} 10 ", f"{chain} 9 "))
    assert verify("--heads", str(kept))[0] == 1
    kept.write_text("no heads")
    with pytest.raises(CommandError, match="cannot be read as heads"):
        verify("--heads", str(kept))


def test_heads_go_into_the_log_once_a_day(chain: int, caplog: pytest.LogCaptureFixture) -> None:
    (task,) = (task for task in tasks() if task.name == "heads of the audit")
    with caplog.at_level(logging.INFO):
        task.do()
    (head,) = audit_check.heads()
    assert task.every == 24 * 3600
    assert f"audit head: chain {chain} at 10 is {head.hash}" in caplog.messages
