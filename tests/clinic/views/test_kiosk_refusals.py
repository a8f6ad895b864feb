"""What the kiosk does not take, and the words it says then."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from clinic.models import Clinic, Visit
from clinic.tickets import LETTERS, LONG, SHORT
from tests.clinic.views.kiosk_pages import BORN, LAST, Marks, answer, finish
from tests.factories import make_visit

pytestmark = pytest.mark.django_db


BAD = [
    ("arrival", {}, {"id_arrival_0": "Please choose one."}),
    ("arrival", {"arrival": "teleported"}, {"id_arrival_0": "Please choose one."}),
    ("name", {"given_name": "Bob"}, {"id_family_name": "Please write the last name."}),
    ("name", {"family_name": "42"}, {"id_family_name": "Please write a name with at least one letter."}),
    (
        "name",
        {"family_name": "Mil\u202eler"},
        {"id_family_name": "Please use only letters and marks that belong in a name."},
    ),
    ("name", {"family_name": "x" * 101}, {"id_family_name": "That is too long. Please write a shorter form."}),
    (
        "birth",
        {},
        {
            "id_birth_month_0": "Please choose the month.",
            "id_birth_day": "Please write the day.",
            "id_birth_year": "Please write the year.",
        },
    ),
    ("birth", {**BORN, "birth_month": "13"}, {"id_birth_month_0": "Please choose the month."}),
    ("birth", {**BORN, "birth_day": "x"}, {"id_birth_day": "Please write the day as a number."}),
    ("birth", {**BORN, "birth_day": "32"}, {"id_birth_day": "Please write the day as a number from 1 to 31."}),
    ("birth", {**BORN, "birth_day": "31"}, {"id_birth_day": "That date does not exist. Please check the day."}),
    ("birth", {**BORN, "birth_year": "x"}, {"id_birth_year": "Please write the year as a number."}),
    (
        "birth",
        {**BORN, "birth_year": "85"},
        {"id_birth_year": "Please write the year with four digits, for example 1985."},
    ),
    (
        "birth",
        {**BORN, "birth_year": "9998"},
        {"id_birth_year": "That date is still to come. Please check the year."},
    ),
    ("phone", {"phone": "202 555"}, {"id_phone": "Please write all ten digits, or leave it empty."}),
    ("phone", {"phone": "555-0143"}, {"id_phone": "Please write all ten digits, or leave it empty."}),
    ("reason", {"reason": "nosiness"}, {"id_reason_0": "Please choose one."}),
]


@pytest.mark.parametrize(("step", "said", "problems"), BAD)
def test_bad_answer_is_named_at_the_top_and_at_its_field(
    kiosk: Client, step: str, said: dict[str, str], problems: dict[str, str]
) -> None:
    answer(kiosk, upto=f"/kiosk/{step}/")
    reply = kiosk.post(f"/kiosk/{step}/", said, follow=True)
    page = reply.content.decode()
    marks = Marks(page)
    assert reply.redirect_chain == [(f"/kiosk/{step}/", 302)], "no page is the answer to a form"
    assert "<title>Error:" in page and "There is a problem" in page
    assert [one["href"] for one in marks.having("href") if str(one["href"]).startswith("#")] == [
        f"#{field}" for field in problems
    ]
    assert all(page.count(text) == 2 and marks.having("id", field) for field, text in problems.items())
    (summary,) = marks.having("data-problem")
    assert summary["tabindex"] == "-1" and "autofocus" in summary


def test_bad_answer_keeps_what_was_typed(kiosk: Client) -> None:
    answer(kiosk, upto="/kiosk/birth/")
    page = Marks(kiosk.post("/kiosk/birth/", {**BORN, "birth_day": "31"}, follow=True).content.decode())
    assert page.having("value", "1985") and page.having("value", "31")
    assert [one["value"] for one in page.having("checked")] == ["4"]


@pytest.mark.parametrize("name", ["O", "Núñez-O'Brien", "李", "van der Berg", "عمر"])
def test_names_of_all_kinds_are_names(kiosk: Client, name: str) -> None:
    answer(kiosk, family_name=name)
    finish(kiosk)
    assert Visit.objects.get().family_name == name


def test_fields_of_a_shared_screen_offer_nobody_elses_words(kiosk: Client) -> None:
    answer(kiosk)
    for step, names in {"name": 2, "birth": 2, "phone": 1}.items():
        fields = Marks(kiosk.get(f"/kiosk/{step}/").content.decode()).having("spellcheck", "false")
        assert len(fields) == names and {one["autocomplete"] for one in fields} == {"off"}
    assert len(Marks(kiosk.get("/kiosk/birth/").content.decode()).having("inputmode", "numeric")) == 2
    assert Marks(kiosk.get("/kiosk/phone/").content.decode()).having("type", "tel")


def test_tickets_used_up_says_so_in_any_language_and_makes_no_visit(
    spanish: Path, clinic: Clinic, kiosk: Client
) -> None:
    make_visit(clinic)
    Visit.objects.update(day_number=len(LETTERS) * (SHORT + LONG))
    assert kiosk.get("/kiosk/refused/")["Location"] == "/kiosk/"
    answer(kiosk)
    reply = kiosk.post(LAST, follow=True)
    assert reply.redirect_chain == [("/kiosk/refused/", 302)]
    page = reply.content.decode()
    assert "Please go to the front desk." in page and len(Marks(page).having("data-primary")) == 1
    for show in ("size:160", "language:es"):
        page = kiosk.post("/kiosk/display/refused/", {"show": show}, follow=True).content.decode()
    assert Marks(page).having("data-size", "160") and "Ya no quedan turnos" in page.split('role="alert"')[1]
    assert Visit.objects.count() == 1
