"""Each field of each form, given what it cannot mean: the words, their place and language, and nothing stored."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from clinic.forms import DeskCheckInForm
from clinic.models import Visit
from clinic.views.kiosk_steps import STEPS
from realtime.models import Switch
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import FLOW, Marks, answer
from tests.factories import make_clinic, make_user

pytestmark = pytest.mark.django_db

CHOOSE = "Please choose one."
LONG = "That is too long. Please write a shorter form."
LETTERS = "Please use only letters and marks that belong in a name."
ONE_LETTER = "Please write a name with at least one letter."
LAST_NAME = "Please write the last name."
MONTH = "Please choose the month."
NO_DAY, DAY = "Please write the day.", "Please write the day as a number."
DAY_RANGE = "Please write the day as a number from 1 to 31."
NO_DATE = "That date does not exist. Please check the day."
NO_YEAR, YEAR = "Please write the year.", "Please write the year as a number."
YEAR_RANGE = "Please write the year with four digits, for example 1985."
AHEAD = "That date is still to come. Please check the year."
DIGITS = "Please write all ten digits, or leave it empty."
NAMES = {"\u202eboB": LETTERS, "Bo\x07b": LETTERS, "Bob\x00": LETTERS, "\ue000": LETTERS, "1985": ONE_LETTER}
WRONG = {
    "language": {"": CHOOSE, "xx": CHOOSE, "\x00": CHOOSE},
    "arrival": {"": CHOOSE, "teleported": CHOOSE},
    "given_name": {**NAMES, "x" * 101: LONG},
    "family_name": {**NAMES, "x" * 101: LONG, "": LAST_NAME, "  ": LAST_NAME},
    "birth_month": {"": MONTH, "13": MONTH, "0": MONTH, "x": MONTH},
    "birth_day": {
        "": NO_DAY,
        "31": NO_DATE, "32": DAY_RANGE, "0": DAY_RANGE, "-1": DAY_RANGE, "1.5": DAY, "x": DAY, "9" * 40: DAY_RANGE,
        "9" * 5000: DAY, "NaN": DAY,
    },
    "birth_year": {
        "": NO_YEAR,
        "0": YEAR_RANGE, "85": YEAR_RANGE, "1850": YEAR_RANGE, "10000": YEAR_RANGE, "1000000000": YEAR_RANGE,
        "9999": AHEAD, "x": YEAR, "1985.5": YEAR, "1e3": YEAR,
    },
    "phone": {"202 555": DIGITS, "call me": DIGITS, "9" * 39: DIGITS, "9" * 41: LONG, "+": DIGITS},
    "answered_by": {"\u202ennA": LETTERS, "42": ONE_LETTER, "x" * 202: LONG},
    "reason": {"": CHOOSE, "nosiness": CHOOSE},
}  # fmt: skip
CASES = [(field, value, said) for field, values in WRONG.items() for value, said in values.items()]
CHILD = str(date.today().year - 5)
# Ticked or not, any value is an answer.
TICKS = {"needs_help", "identity_checked"}
STEP_OF = {field: step.name for step in STEPS for field in step.form.base_fields if field not in TICKS}
ADDRESS = {step.name: f"/kiosk/{step.name}/" for step in STEPS} | {"language": "/kiosk/"}
GOOD = {name: value for _address, said in FLOW for name, value in said.items()} | {"answered_by": "Ann Miller"}


def error_at(page: str, field: str) -> str:
    """The words beside a field."""
    found = re.search(rf'<p class="error" id="id_{field}_error">(.*?)</p>', page)
    return unescape(found[1]) if found else ""


def value_of(page: str, field: str) -> object:
    """What stands in a text field."""
    return next(
        (one.get("value") for one in Marks(page).having("name", field) if one.get("type") != "radio"), None
    )


def test_the_table_knows_every_field() -> None:
    assert set(STEP_OF) == set(WRONG)
    desk = set(DeskCheckInForm.base_fields)
    assert desk - TICKS == set(WRONG) | {"lane", "key", "beside"}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("field", "value", "said"), CASES)
def test_kiosk_says_what_is_wrong_beside_the_field_in_the_patients_language(
    kiosk: Client, spanish: object, language: str, field: str, value: str, said: str
) -> None:
    step = STEP_OF[field]
    # Somebody who sees the first page again, in the language that they chose there.
    answer(kiosk, ADDRESS[step] if step != "language" else "/kiosk/arrival/", language=language)
    sent = {name: GOOD[name] for name, at in STEP_OF.items() if at == step} | {field: value}
    reply = kiosk.post(ADDRESS[step], sent, follow=True)
    page = reply.content.decode()
    with translation.override(language):
        words = gettext(said)
    assert (words == said) == (language == "en")
    assert error_at(page, field) == words
    marks = Marks(page)
    assert f'<html lang="{language}"' in page and marks.having("role", "alert")
    assert any(f"id_{field}_error" in str(one["aria-describedby"]) for one in marks.having("aria-describedby"))
    assert not Visit.objects.exists()
    if step != "language":
        assert kiosk.get("/kiosk/check/")["location"] == ADDRESS[step]


@pytest.mark.parametrize(
    ("field", "value"),
    [(f, v) for f, v, _said in CASES if f not in ("language", "arrival", "birth_month", "reason")],
)
def test_kiosk_keeps_what_was_typed(kiosk: Client, field: str, value: str) -> None:
    step = STEP_OF[field]
    answer(kiosk, ADDRESS[step], birth_year=CHILD)
    sent = {name: GOOD[name] for name, at in STEP_OF.items() if at == step} | {field: value}
    page = kiosk.post(ADDRESS[step], sent, follow=True).content.decode()
    shown = {one["name"] for one in Marks(page).having("name")} - {"birth_month"}
    assert field in shown
    for name in shown & set(sent):
        assert (value_of(page, name) or "") == sent[name]
    if "birth_month" in sent:
        assert [one["value"] for one in Marks(page).having("checked")] == [sent["birth_month"]]


@pytest.mark.parametrize("field", ["given_name", "family_name", "phone", "answered_by", "birth_day", "birth_year"])
def test_limit_of_a_text_field_is_stated_to_the_browser(kiosk: Client, ana: Client, field: str) -> None:
    answer(kiosk, ADDRESS[STEP_OF[field]], birth_year=CHILD)
    for page in (kiosk.get(ADDRESS[STEP_OF[field]]), ana.get("/desk/check-in/")):
        (control,) = Marks(page.content.decode()).having("name", field)
        assert int(str(control["maxlength"])) <= 201


DESK_CASES = [
    *((field, value, said) for field, value, said in CASES if field not in ("language", "arrival", "reason")),
    *((field, "nonsense", CHOOSE) for field in ("language", "reason", "lane")),
    ("beside", "nonsense", "That patient is not here any more. Please choose again."),
    ("beside", "00000000-0000-4000-8000-000000000000", "That patient is not here any more. Please choose again."),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "words"), DESK_CASES)
def test_desk_says_what_is_wrong_beside_the_field(ana: Client, field: str, value: str, words: str) -> None:
    key = re.findall(r'name="key" value="([^"]+)"', ana.get("/desk/check-in/").content.decode())[0]
    good = {**GOOD, "lane": "standard", "key": key, "beside": ""}
    reply = ana.post("/desk/check-in/", {**good, field: value})
    page = reply.content.decode()
    assert reply.status_code == 422 and words in error_at(page, field)
    assert f'href="#id_{field}"' in page and 'role="alert"' in page
    assert (value_of(page, "family_name") or "") == (value if field == "family_name" else "Miller")
    assert not Visit.objects.exists()


def test_forged_key_at_the_desk_stores_nothing(ana: Client) -> None:
    reply = ana.post("/desk/check-in/", {**GOOD, "lane": "standard", "key": "nonsense"})
    assert reply.status_code == 422 and not Visit.objects.exists()


@pytest.mark.parametrize("name", ["nobody", "ana", "a" * 200, "\x00", "\u202eana", "' OR 1=1 --"])
def test_log_in_says_one_thing_whatever_is_wrong(client: Client, name: str) -> None:
    make_user("ana")
    page = client.post("/login/", {"username": name, "password": "guessed"}).content.decode()
    assert "This name and password do not match." in page and 'role="alert"' in page
    assert "guessed" not in page and "_auth_user_id" not in client.session
    assert (value_of(page, "username") or "").strip("\x00") == name.strip("\x00")


@pytest.mark.parametrize(("reason", "words"), [("", "Say why"), ("x" * 201, "under 200"), ("\x07\x1b", "Say why")])
def test_switch_needs_a_reason_and_is_not_flipped_without(reason: str, words: str) -> None:
    olu: User = make_user("olu", make_clinic("depot"), "ops")
    page = logged_in(olu).post("/ops/vendor/", {"action": "stop", "reason": reason, "seen": "0"}, follow=True)
    assert words in page.content.decode() and Switch.objects.get().version == 0
