"""What patients read in English asks for at most six years of school, page by page, by our own measure."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from clinic import catalogs, phone_links
from clinic.access import cookie_name
from clinic.models import Clinic
from clinic.services import Actor, call_next
from clinic.states import State
from tests.clinic.views.kiosk_pages import every_page, paired_client
from tests.factories import make_device, make_visit, make_visit_in
from tests.reading_grade import grade, syllables

MOST, MOST_OF_ONE, LONG = 6.0, 9.0, 6
KNOWN = (
    "cat:1 screen:1 called:1 closed:1 used:1 times:1 please:1 through:1 table:2 ticket:2 needed:2 waited:2 "
    "pages:2 people:2 trouble:2 minutes:2 language:2 kiosk:2 family:3 together:3 anyone:3 area:3 appointment:3 "
    "remember:3 emergency:4 911:3 check-in:2 I'm:1"
)
# Those of a page that end a line; within one, tags do not part a sentence.
ENDS = r"</?(?:p|h[1-6]|li|dt|dd|div|button|label|legend|summary|section|header|footer|title|form|span|a)\b[^>]*>"


@pytest.mark.parametrize("known", KNOWN.split())
def test_syllables_of_known_words(known: str) -> None:
    word, count = known.split(":")
    assert syllables(word) == int(count)


def test_grade_of_known_texts() -> None:
    assert grade(["The cat sat on the mat."]) == pytest.approx(-1.45, abs=0.01)
    hard = "Subsequent appointments necessitate identification of comprehensive insurance documentation."
    assert grade([hard]) > 20
    assert grade(["Continue", "The cat sat on the mat."]) > grade(["The cat sat on the mat."])


def lines_of(page: str) -> list[str]:
    """What a page says, a line each, in English alone."""
    body = re.sub(
        r'<span lang="(?!en)[^>]*>.*?</span>|<script.*?</script>|<form[^>]*hidden.*?</form>', "", page, flags=re.S
    )
    lines = re.sub(r"<[^>]+>", "", re.sub(ENDS, "\n", body.split("<body")[1])).split("\n")
    return [line.strip() for line in lines if re.search("[a-z]", line)]


def check(page: str, where: str) -> None:
    lines = lines_of(page)
    assert len(lines) > 4 and grade(lines) <= MOST, (where, grade(lines), lines)


@pytest.mark.django_db
def test_every_page_of_the_kiosk(clinic: Clinic) -> None:
    pages = every_page(paired_client(clinic), "en")
    assert len(pages) > 12
    for address, page in pages.items():
        check(page, address)


@pytest.mark.django_db
@pytest.mark.parametrize("state", [state for state in State if state not in (State.EXPECTED, State.CANCELLED)])
def test_every_page_of_the_phone(clinic: Clinic, state: State) -> None:
    where = "/v/" + phone_links.link(make_visit_in(clinic, state)).split("/")[-2] + "/"
    for address in (where, where + "leave/", "/v/x/"):
        check(Client().get(address, follow=True).content.decode(), f"{state} {address}")


@pytest.mark.django_db
def test_wait_room_screen(clinic: Clinic) -> None:
    client = Client()
    client.cookies[cookie_name("monitor")] = make_device(clinic, "monitor")[1]
    check(client.get("/monitor/").content.decode(), "empty")
    make_visit(clinic)
    make_visit(clinic)
    call_next(clinic, by=Actor(), room=clinic.rooms.all()[0])
    check(client.get("/monitor/").content.decode(), "called")


def test_no_sentence_by_itself_is_hard() -> None:
    """Of those that are long enough to be measured: a page's short lines must not hide a hard one."""
    texts = (re.sub(r"<[^>]+>|%\(\w+\)[sd]", "ten", text) for text in catalogs.strings(catalogs.FOR_PATIENTS))
    parts = [part for text in texts for part in re.split(r"(?<=[.!?:])\s+", text) if len(part.split()) >= LONG]
    hard = {part: grade([part]) for part in parts if grade([part]) > MOST_OF_ONE}
    assert len(parts) > 80 and hard == {}
