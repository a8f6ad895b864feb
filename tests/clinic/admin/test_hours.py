from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from django.test import Client

from clinic.models import Clinic, SpecialHours
from tests.clinic.admin.rig import clinic_form, page, version

pytestmark = pytest.mark.django_db
CHRISTMAS = "2026-12-25"


def rows(kind: str, clinic: Clinic, *said: dict[str, Any]) -> dict[str, Any]:
    """The form of a clinic with these rows of hours added."""
    filled = {f"{kind}-{n}-{name}": value for n, row in enumerate(said) for name, value in row.items()}
    return clinic_form(clinic, **{f"{kind}-TOTAL_FORMS": len(said), **filled})


def save(manager: Client, clinic: Clinic, form: dict[str, Any]) -> str:
    """What the page says against it; nothing when it was saved."""
    reply = manager.post(page("clinic", "change", clinic.pk), form)
    return "" if reply.status_code == 302 else str(reply.content.decode())


def test_stretches_of_a_week_that_overlap_are_refused_and_named(manager: Client, harbor: Clinic) -> None:
    sunday = {"weekday": 6, "opens": "20:00", "closes": "02:00"}
    monday = {"weekday": 0, "opens": "01:00", "closes": "09:00"}
    text = save(manager, harbor, rows("hours", harbor, sunday, monday))
    assert "These overlap: Sunday 20:00 to 02:00, and Monday 01:00 to 09:00." in text
    assert harbor.hours.count() == 0
    assert save(manager, harbor, rows("hours", harbor, sunday, {**monday, "opens": "02:00"})) == ""


def test_row_that_is_being_deleted_does_not_overlap(manager: Client, harbor: Clinic) -> None:
    old = harbor.hours.create(weekday=0, opens=time(8), closes=time(12))
    said = rows(
        "hours",
        harbor,
        {"id": old.pk, "clinic": harbor.pk, "weekday": 0, "opens": "08:00", "closes": "12:00", "DELETE": "on"},
        {"weekday": 0, "opens": "09:00", "closes": "17:00"},
    )
    assert save(manager, harbor, {**said, "hours-INITIAL_FORMS": 1}) == ""
    assert [str(hours) for hours in harbor.hours.all()] == ["Monday 09:00 to 17:00"]


def test_special_dates_are_saved_and_tell_the_screens(manager: Client, harbor: Clinic) -> None:
    before = version(harbor)
    closed = {"date": CHRISTMAS, "opens": "", "closes": "", "note": "Christmas"}
    short = {"date": "2026-12-24", "opens": "08:00", "closes": "12:00"}
    assert save(manager, harbor, rows("special_hours", harbor, closed, short)) == ""
    assert list(map(str, SpecialHours.objects.all())) == ["2026-12-24 08:00 to 12:00", "2026-12-25 closed"]
    assert version(harbor) == before + 1
    assert harbor.timetable.special[date(2026, 12, 25)] == []


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ([{"opens": "08:00", "closes": ""}], "Give both times, or none of them"),
        ([{"opens": "", "closes": "12:00"}], "Give both times, or none of them"),
        (
            [{}, {"opens": "08:00", "closes": "12:00"}],
            "2026-12-25 is closed all day, and stands there more than once.",
        ),
        (
            [{"opens": "08:00", "closes": "12:00"}, {"opens": "11:00", "closes": "18:00"}],
            "These overlap: 2026-12-25",
        ),
        ([{}, {}], "2026-12-25 is closed all day, and stands there more than once."),
    ],
    ids=["no end", "no start", "closed and open", "overlap", "closed twice"],
)
def test_special_dates_that_make_no_sense_are_refused(
    manager: Client, harbor: Clinic, said: list[dict[str, str]], problem: str
) -> None:
    form = rows("special_hours", harbor, *({"date": CHRISTMAS, **row} for row in said))
    assert problem in save(manager, harbor, form)
    assert not SpecialHours.objects.exists()


@pytest.mark.parametrize(("said", "saved"), [("", None), ("45", 45)])
def test_closing_rule_is_set_on_the_clinics_page(
    manager: Client, harbor: Clinic, said: str, saved: int | None
) -> None:
    form = clinic_form(harbor, close_after_minutes=said, unanswered_call="left", day_begins="05:30")
    assert save(manager, harbor, form) == ""
    harbor.refresh_from_db()
    assert (harbor.close_after_minutes, harbor.unanswered_call, harbor.day_begins) == (saved, "left", time(5, 30))


def test_question_must_leave_time_for_an_answer(manager: Client, harbor: Clinic) -> None:
    assert "greater than or equal to 5" in save(manager, harbor, clinic_form(harbor, close_after_minutes="4"))
