"""The page on the patient's phone, without a browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic import access, phone_links
from clinic.estimates import WaitRange
from clinic.models import Clinic, Visit
from clinic.services import Actor, check_in_together
from clinic.states import ENDED, State, Verb
from tests.clinic.conftest import Clock
from tests.factories import answers, do, make_clinic, make_visit, make_visit_in

pytestmark = pytest.mark.django_db
GOOD_TOKEN = "A" * 24


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic(name="Harbor Clinic", time_zone="America/Chicago")


@pytest.fixture
def phone() -> Client:
    """Checks CSRF tokens as the real thing does."""
    return Client(enforce_csrf_checks=True)


def address(visit: Visit, rest: str = "") -> str:
    return "/v/" + phone_links.link(visit).split("/")[-2] + "/" + rest


def html(client: Client, where: str) -> str:
    return str(client.get(where).content.decode())


def headline(page: str) -> str:
    (found,) = re.findall(r"<h1>(.*?)</h1>", page, flags=re.S)
    return re.sub(r"<.*?>", "", found).strip()


def press(phone: Client, visit: Visit, rest: str, page: str = "", **said: str) -> Any:
    """One of the page's buttons."""
    page = page or html(phone, address(visit, "leave/" if rest == "leave/" else ""))
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
    seen = re.findall(r'name="seen" value="(\d+)"', page)[0]
    sent = {"csrfmiddlewaretoken": token, "seen": seen, **said}
    return phone.post(address(visit, rest), sent, headers={"origin": "null"})


# --- What it shows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.WAITING, "You are next"),
        (State.CALLED, "Please go to Room 1 now"),
        (State.STEPPED_OUT, "You stepped out"),
        (State.ROOMED, "You are in Room 1"),
        (State.DISCHARGED, "Your visit is done"),
        (State.LEFT, "You are not in line any more"),
        (State.NO_SHOW, "We called you and did not find you"),
        (State.ENTERED_IN_ERROR, "This ticket is not in use any more"),
    ],
)
def test_each_state_has_its_sentence_and_its_buttons(clinic: Clinic, state: State, words: str) -> None:
    visit = make_visit_in(clinic, state)
    page = html(Client(), address(visit))
    assert headline(page) == words
    assert f'data-ticket="{visit.ticket}" data-state="{state}"' in page and "Harbor Clinic" in page
    assert ('data-verb="more-time"' in page) is (state in (State.WAITING, State.CALLED))
    assert ('data-verb="left"' in page) is (state not in {*ENDED, State.ROOMED})


def test_place_counts_those_before(clinic: Clinic) -> None:
    for _n in range(3):
        make_visit(clinic)
    visit = make_visit(clinic)
    assert headline(html(Client(), address(visit))) == "You are number 4"


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (WaitRange(20, 35), "About 20 to 35 minutes from now"),
        (WaitRange(20, 35, is_paused=True), "The line is not moving just now"),
        (None, ""),
    ],
)
def test_wait_is_told_only_where_it_is_known(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, wait: WaitRange | None, words: str
) -> None:
    monkeypatch.setattr("clinic.estimates.range_for", lambda visit: wait)
    page = html(Client(), address(make_visit(clinic)))
    assert words in page
    assert ("minutes from now" in page) is (wait is not None and not wait.is_paused)


def test_no_name_reason_or_birth_is_on_any_page(clinic: Clinic) -> None:
    people = [answers("Plantedgiven", "Plantedfamily", reason="skin", phone="+12025550143"), answers("Plantedkid")]
    visits = check_in_together(clinic, people, by=Actor())
    for rest in ("", "board/", "leave/"):
        page = html(Client(), address(visits[0], rest))
        assert "Planted" not in page and "rash" not in page and "1985" not in page and "0143" not in page


def test_page_of_one_shows_the_tickets_of_all_who_came_together(clinic: Clinic) -> None:
    first, second, third = check_in_together(clinic, [answers("Ann"), answers("Bo"), answers("Cy")], by=Actor())
    do(second, Verb.CALL)
    do(third, Verb.LEFT)
    page = html(Client(), address(first))
    assert re.findall(r'<li data-ticket="(\w+)" data-state="(\w+)">', page) == [(second.ticket, "called")]
    assert "Please go to Room 1 now" in page


def test_page_is_in_the_visits_language(clinic: Clinic, spanish: Any) -> None:
    page = html(Client(headers={"accept-language": "fr"}), address(make_visit_in_spanish(clinic)))
    assert '<html lang="es" dir="ltr"' in page


def make_visit_in_spanish(clinic: Clinic) -> Visit:
    visit = make_visit(clinic)
    Visit.objects.filter(pk=visit.pk).update(language="es")
    return visit


def test_page_carries_the_hooks_of_a_live_page_and_no_inline_script(clinic: Clinic) -> None:
    page = html(Client(), address(make_visit(clinic)))
    for hook in ('data-poll="15000"', f'data-topic="{clinic.topic.name}"', 'data-live="poll"', "data-version="):
        assert hook in page
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in page
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page) == []


# --- Who may see it ---------------------------------------------------------------------------------------------


def test_unknown_dead_and_malformed_links_get_one_kind_answer(clinic: Clinic, clock: Clock) -> None:
    dead = make_visit_in(clinic, State.LEFT)
    clock.add(hours=13)
    client = Client()
    links = [address(dead), f"/v/{GOOD_TOKEN}/", "/v/x/", "/v/%FF%00x/", "/v/", "/v/a/b/c/", f"/v/{'a' * 900}/"]
    links += [address(dead, rest) for rest in ("board/", "leave/", "more-time/")]
    found = {(answer.status_code, answer.content) for answer in map(client.get, links)}
    assert {status for status, _page in found} <= {404, 400}
    assert len({page for status, page in found if status == 404}) == 1
    assert b"This link has ended" in client.get(f"/v/{GOOD_TOKEN}/").content


@pytest.mark.parametrize("rest", ["", "board/", "leave/", "more-time/"])
def test_dead_link_takes_the_same_work_as_one_that_never_was(clinic: Clinic, clock: Clock, rest: str) -> None:
    """And so the same time: one look into the database, by the digest of what was asked for."""
    dead, asked = make_visit_in(clinic, State.LEFT), []
    clock.add(hours=13)
    for where in (address(dead, rest), f"/v/{GOOD_TOKEN}/{rest}"):
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(where).status_code == 404
        asked.append([re.sub(r"\b[0-9a-f]{64}\b", "digest", one["sql"]) for one in queries])
    assert asked[0] == asked[1] and len(asked[0]) == 1


@pytest.mark.parametrize("rest", ["", "board/", "leave/", "more-time/"])
def test_answers_leave_no_trace(clinic: Clinic, rest: str) -> None:
    for where in (address(make_visit(clinic), rest), f"/v/{GOOD_TOKEN}/{rest}"):
        answer = Client().get(where)
        assert answer["Referrer-Policy"] == "no-referrer" and "noindex" in answer["X-Robots-Tag"]
        assert "no-store" in answer["Cache-Control"]


def test_cookie_for_the_bell_is_out_of_reach_of_scripts(clinic: Clinic) -> None:
    visit = make_visit(clinic)
    cookie = Client().get(address(visit)).cookies[access.cookie_name(access.PHONE)]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Strict", "")
    assert not Client().get(f"/v/{GOOD_TOKEN}/").cookies


# --- The fragment -----------------------------------------------------------------------------------------------


def test_board_with_its_etag_is_sent_again_only_when_something_changed(clinic: Clinic, clock: Clock) -> None:
    visit, client = make_visit(clinic), Client()

    def ask(etag: str = "") -> Any:
        return client.get(address(visit, "board/"), headers={"If-None-Match": etag})

    first = ask()
    assert len(first.content) < 2000 and ask(first["ETag"]).status_code == 304
    do(visit, Verb.MORE_TIME)
    second = ask(first["ETag"])
    assert second.status_code == 200 and "We will not call you before" in second.content.decode()
    clock.add(minutes=11)
    assert ask(second["ETag"]).status_code == 200, "the wish has run out, and no version tells"


# --- What it does -----------------------------------------------------------------------------------------------


def test_more_time_by_the_page_then_no_more(clinic: Clinic, phone: Client) -> None:
    visit = make_visit(clinic)
    for left in ("2 more times", "1 more time.", "You asked for more time 3 times"):
        assert press(phone, visit, "more-time/").url == address(visit)
        assert left in html(phone, address(visit))
    assert visit.events.filter(verb=Verb.MORE_TIME, by_patient=True).count() == 3


def test_time_of_the_wish_is_the_clinics(clinic: Clinic, phone: Client) -> None:
    visit = make_visit(clinic)
    press(phone, visit, "more-time/")
    visit.refresh_from_db()
    assert visit.not_before
    local = visit.not_before.astimezone(clinic.zone)
    assert f"before {local.hour % 12 or 12}:{local:%M}" in html(phone, address(visit))


def test_leaving_is_confirmed_and_then_said(clinic: Clinic, phone: Client) -> None:
    visit = make_visit(clinic)
    assert headline(html(phone, address(visit, "leave/"))) == "Leave the line?"
    assert Visit.objects.get(pk=visit.pk).state == State.WAITING
    press(phone, visit, "leave/")
    page = html(phone, address(visit))
    assert headline(page) == "You left the line" and "Was that a mistake?" in page
    assert phone.get(address(visit, "leave/")).status_code == 302


def test_stale_page_does_no_harm(clinic: Clinic, phone: Client) -> None:
    visit = make_visit(clinic)
    page, leaving = html(phone, address(visit)), html(phone, address(visit, "leave/"))
    do(visit, Verb.CALL)
    do(visit, Verb.ROOM)
    for rest, shown in (("more-time/", page), ("leave/", leaving), ("more-time/", page)):
        assert press(phone, visit, rest, shown).status_code == 302
    assert headline(html(phone, address(visit))) == "You are in Room 1"


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 12])
def test_what_no_page_sends_changes_nothing(clinic: Clinic, phone: Client, seen: str) -> None:
    visit = make_visit(clinic)
    assert press(phone, visit, "more-time/", seen=seen).status_code == 302
    assert visit.events.count() == 1


@pytest.mark.parametrize("rest", ["more-time/", "leave/"])
def test_forged_forms_are_refused(clinic: Clinic, phone: Client, rest: str) -> None:
    """Without the token, from another site with it, and by a mere link."""
    visit = make_visit(clinic)
    html(phone, address(visit))
    assert phone.post(address(visit, rest), {"seen": "1"}, headers={"origin": "null"}).status_code == 403
    page = html(phone, address(visit))
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
    sent = {"seen": "1", "csrfmiddlewaretoken": token}
    assert phone.post(address(visit, rest), sent, headers={"origin": "https://evil.example"}).status_code == 403
    phone.get(address(visit, rest))
    assert visit.events.count() == 1


def test_null_origin_is_taken_nowhere_else(clinic: Clinic, phone: Client) -> None:
    page = html(phone, "/login/")
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
    sent = {"csrfmiddlewaretoken": token, "username": "ana", "password": "x"}
    assert phone.post("/login/", sent, headers={"origin": "null"}).status_code == 403


def test_page_shows_the_wish_of_a_called_patient(clinic: Clinic, phone: Client) -> None:
    visit = make_visit_in(clinic, State.CALLED)
    press(phone, visit, "more-time/")
    page = html(phone, address(visit))
    assert headline(page) == "You are next" and "We keep your place" in page
    visit.refresh_from_db()
    assert visit.not_before and visit.not_before - visit.events.latest("sequence").at == timedelta(minutes=10)
