from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic.models import Clinic, Visit
from clinic.services import Actor, move
from clinic.states import Lane, State, Verb
from tests.clinic.admin.rig import act, page, version
from tests.factories import make_visit

pytestmark = pytest.mark.django_db


def visit_form(lane: str) -> dict[str, Any]:
    return {"lane": lane, "events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0}


def test_lane_change_goes_through_the_service(manager: Client, mo: User, harbor: Clinic) -> None:
    visit = make_visit(harbor)
    before = version(harbor)
    manager.post(page("visit", "change", visit.pk), visit_form("priority"))
    again = Visit.objects.get()
    event = again.events.get(sequence=2)
    assert (again.lane, event.verb, event.user) == (Lane.PRIORITY, Verb.MOVE, mo)
    assert again.order_key is not None and visit.order_key is not None
    assert (visit.order_key - again.order_key).total_seconds() == 45 * 60
    assert version(harbor) == before + 1


def test_unchanged_lane_writes_nothing(manager: Client, harbor: Clinic) -> None:
    visit = make_visit(harbor)
    before = version(harbor)
    manager.post(page("visit", "change", visit.pk), visit_form("standard"))
    assert visit.events.count() == 1
    assert version(harbor) == before


def test_lane_is_fixed_once_the_patient_is_called(manager: Client, harbor: Clinic) -> None:
    visit = make_visit(harbor)
    move(harbor, visit.public_id, Verb.CALL, by=Actor(), room=harbor.rooms.all()[0])
    manager.post(page("visit", "change", visit.pk), visit_form("quick"))
    assert Visit.objects.get().lane == Lane.STANDARD


def test_refused_lane_change_says_why_and_changes_nothing(
    manager: Client, harbor: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = make_visit(harbor)
    # Somebody calls the patient after the admin has read the visit, and before it asks for the move.
    monkeypatch.setattr(
        "clinic.admin.visits.services.move", lambda *args, **kwargs: _called_first(*args, **kwargs)
    )
    answer = manager.post(page("visit", "change", visit.pk), visit_form("quick"), follow=True)
    assert "was first" in answer.content.decode()
    assert Visit.objects.get().lane == Lane.STANDARD


def _called_first(clinic: Clinic, public_id: Any, verb: Verb, **more: Any) -> Any:
    move(clinic, public_id, Verb.CALL, by=Actor(), room=clinic.rooms.all()[0])
    return move(clinic, public_id, verb, **more)


def test_names_and_history_cannot_be_edited(manager: Client, harbor: Clinic) -> None:
    visit = make_visit(harbor)
    forged = {
        "family_name": "Other", "state": "discharged", "events-TOTAL_FORMS": 1, "events-INITIAL_FORMS": 1,
        "events-0-id": visit.events.get().pk, "events-0-visit": visit.pk, "events-0-reason": "forged",
    }  # fmt: skip
    manager.post(page("visit", "change", visit.pk), visit_form("standard") | forged)
    again = Visit.objects.get()
    assert (again.family_name, again.state, again.events.get().reason) == ("Miller", State.WAITING, "")


def test_history_stands_on_the_visits_page(manager: Client, harbor: Clinic) -> None:
    visit = make_visit(harbor)
    move(harbor, visit.public_id, Verb.STEP_OUT, by=Actor(), reason="to feed the meter")
    assert "to feed the meter" in manager.get(page("visit", "change", visit.pk)).content.decode()


def test_entered_in_error_needs_a_reason(manager: Client, harbor: Clinic) -> None:
    visit = make_visit(harbor)
    assert "Say why" in act(manager, "visit", "enter_in_error", visit).content.decode()
    assert Visit.objects.get().state == State.WAITING
    act(manager, "visit", "enter_in_error", visit, reason="a test of the kiosk")
    assert Visit.objects.get().state == State.ENTERED_IN_ERROR
    assert visit.events.get(sequence=2).reason == "a test of the kiosk"


def test_actions_of_a_list_go_on_after_a_refusal(manager: Client, harbor: Clinic) -> None:
    called, waiting = make_visit(harbor), make_visit(harbor, given="Eve")
    move(harbor, called.public_id, Verb.CALL, by=Actor(), room=harbor.rooms.all()[0])
    act(manager, "visit", "mark_no_show", called, waiting)
    states = dict(Visit.objects.values_list("pk", "state"))
    assert states == {called.pk: State.NO_SHOW, waiting.pk: State.WAITING}


def test_nobody_deletes_or_adds_a_visit(superuser: Client, harbor: Clinic) -> None:
    visit = make_visit(harbor)
    assert superuser.post(page("visit", "delete", visit.pk), {"post": "yes"}).status_code == 403
    assert superuser.get(page("visit", "add")).status_code == 403
    act(superuser, "visit", "delete_selected", visit, post="yes")
    assert Visit.objects.exists()


def test_visits_are_searched_by_ticket_alone(manager: Client, harbor: Clinic) -> None:
    first, second = make_visit(harbor, family="Planted"), make_visit(harbor, given="Eve")
    hits = {
        words: {row.pk for row in manager.get(page("visit", "changelist"), {"q": words}).context["cl"].result_list}
        for words in (first.ticket.lower(), "Planted", "1")
    }
    assert hits == {first.ticket.lower(): {first.pk}, "Planted": set(), "1": set()}
    assert second.ticket != first.ticket


def test_list_of_visits_shows_no_name(manager: Client, harbor: Clinic) -> None:
    visit = make_visit(harbor, family="Planted")
    shown = manager.get(page("visit", "changelist")).content.decode()
    assert visit.ticket in shown
    assert "Planted" not in shown


@pytest.mark.parametrize(
    ("typed", "is_sent"), [("A17", True), ("y999 ", True), ("Miller", False), ("1985", False)]
)
def test_a_browser_sends_no_name_to_search_for(manager: Client, typed: str, is_sent: bool) -> None:
    """What is searched for in the admin stands in the address, and so in the logs of proxies."""
    page = manager.get("/admin/clinic/visit/").content.decode()
    (pattern,) = re.findall(r'id="searchbar"[^>]* pattern="([^"]+)"', page)
    assert bool(re.fullmatch(pattern, typed)) is is_sent
