from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import Clinic, Delivery, Destination, EngineEvent
from clinic.services import Actor, destinations
from clinic.states import Verb
from tests.clinic.engine_states import given_up, put, silent
from tests.clinic.owed import owe, row
from tests.factories import make_destination

pytestmark = pytest.mark.django_db
WHY = "they have mended it"
SLOW = "slow: the last answer took 2.3 s"
UNREACHABLE = {"is_ill": True, "failures": 2, "last_error": "it cannot be reached"}


def page(client: Client, address: str = "/ops/engine/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def sentence(client: Client) -> str:
    found = re.search(r"data-sentence>([^<]*)</h1>", page(client))
    assert found is not None
    return found[1]


def at(one: Delivery | Destination) -> str:
    if isinstance(one, Destination):
        return f"/ops/engine/{one.pk}/"
    return f"/ops/engine/{one.destination_id}/{one.key}/"


def act(client: Client, one: Delivery, verb: str, **said: Any) -> str:
    """The page that comes of it."""
    form = {"verb": verb, "reason": WHY, "seen": one.fence, "state": one.state, **said}
    return str(client.post(at(one), form, follow=True).content.decode())


def test_without_a_destination_the_page_says_how_to_add_one(olu: Client) -> None:
    assert "No other system is connected" in page(olu) and "choose Destinations, then Add" in page(olu)


def test_all_good(olu: Client, clinic: Clinic, emr: Destination) -> None:
    put(owe(clinic)[0], "delivered")
    shown = page(olu)
    assert sentence(olu) == "All good" and "<strong>Well</strong>" in shown
    assert 'aria-label="Delivered per 5 minutes over the last 2 hours: 1 at most' in shown


def test_silent_destination_says_since_when_what_waits_and_when_it_is_tried(olu: Client, clinic: Clinic) -> None:
    probe = timezone.now() + timedelta(seconds=90)
    one = silent(clinic, name="Record system", next_probe_at=probe)
    Delivery.objects.filter(pk=owe(clinic)[0]).update(created_at=timezone.now() - timedelta(minutes=5, seconds=5))
    for shown in (page(olu), page(olu, at(one))):
        assert 'data-state="away"' in shown and "Silent for 1 h 30 min" in shown
        assert "1 message waits, none lost" in shown and "<dd>5 min</dd>" in shown
        assert "Last try: no answer within 5 s" in shown and f"Next try {probe:%H:%M:%S} UTC" in shown
    assert sentence(olu) == "Record system, Harbor: silent for 1 h 30 min"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({**UNREACHABLE, "ill_since": timedelta(minutes=2)}, "Not taking messages for 2 min"),
        ({**UNREACHABLE, "ill_since": timedelta(seconds=5)}, "Slow"),
        ({"is_ill": True, "failures": 0, "last_error": SLOW}, "Slow"),
        ({"is_paused": True, "paused_because": "it answered 410"}, "Stopped by its answer"),
        ({}, "Well"),
    ],
)
def test_each_state_has_its_word(olu: Client, clinic: Clinic, fields: dict[str, Any], word: str) -> None:
    since = {"ill_since": timezone.now() - fields["ill_since"]} if "ill_since" in fields else {}
    make_destination(clinic, **{**fields, **since})
    owe(clinic)
    assert f"<strong>{word}" in page(olu)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({**UNREACHABLE}, "Was ill when last tried"),
        ({"is_ill": True, "failures": 0, "last_error": SLOW}, "Was slow when last tried"),
    ],
)
def test_ill_one_that_nothing_waits_for_is_no_trouble(
    olu: Client, clinic: Clinic, fields: dict[str, Any], word: str
) -> None:
    make_destination(clinic, ill_since=timezone.now() - timedelta(hours=9), **fields)
    put(owe(clinic)[0], "skipped")
    shown = page(olu)
    assert sentence(olu) == "All good" and f"<strong>{word}</strong>" in shown and "Nothing waits." in shown


def test_one_that_answers_and_takes_nothing_is_failing(olu: Client, clinic: Clinic, emr: Destination) -> None:
    tried = timezone.now() - timedelta(minutes=20)
    put(owe(clinic)[0], "pending", last_failure="error", first_tried_at=tried, created_at=tried)
    Destination.objects.update(last_error="it answered 500")
    shown = page(olu)
    assert sentence(olu) == "Record system, Harbor: failing for 20 min"
    assert "It answers, and takes nothing. 1 message waits, none lost." in shown
    assert "Last try: it answered 500" in shown


def test_pause_and_resume_say_who_and_why(olu: Client, emr: Destination) -> None:
    address = f"{at(emr)}pause/"
    shown = olu.post(address, {"verb": "pause", "reason": "they move house"}, follow=True).content.decode()
    assert "<strong>Paused</strong>" in shown and "“they move house”" in shown and "by Olu" in shown
    assert "is paused already" in olu.post(address, {"verb": "pause", "reason": "x"}, follow=True).content.decode()
    shown = olu.post(address, {"verb": "resume"}, follow=True).content.decode()
    assert "<strong>Well</strong>" in shown
    assert list(EngineEvent.objects.values_list("verb", flat=True)) == ["resume", "pause"]


def test_pause_needs_a_reason(olu: Client, emr: Destination) -> None:
    olu.post(f"{at(emr)}pause/", {"verb": "pause", "reason": " "})
    assert not Destination.objects.get().is_paused


def test_worst_comes_first_and_is_in_the_sentence(olu: Client, clinic: Clinic) -> None:
    make_destination(clinic, name="Fine")
    make_destination(
        clinic, name="Stopped", is_paused=True, paused_because="it answered 410", mapping={"called": ""}
    )
    silent(clinic, name="Bad")
    destinations.pause(make_destination(clinic, name="Quiet"), by=Actor(), reason="at night")
    owe(clinic, Verb.CALL)
    names = re.findall(r"<h2><a[^>]*>([^<]*)</a></h2>", page(olu))
    assert names == ["Bad", "Stopped", "Quiet", "Fine"]
    assert sentence(olu) == "Bad, Harbor: silent for 1 h 30 min; 1 more needs somebody"


@pytest.mark.parametrize("state", Delivery.State.values)
def test_lists_are_by_state_and_paged_by_key(
    olu: Client, clinic: Clinic, emr: Destination, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinic.presenters.engine_rows.PER_PAGE", 3)
    moment = timezone.now()
    pks = [
        put(owe(clinic)[0], state, **({"delivered_at": moment} if state == "delivered" else {})).pk
        for _n in "1234567"
    ]
    put(owe(clinic)[0], "pending" if state != "pending" else "dead")
    found, address = [], f"{at(emr)}?state={state}"
    while address and len(found) < 10:
        shown = page(olu, address)
        found += re.findall(r'<tr id="row-(\w+)"', shown)
        further = re.search(r'href="(\?state=\w+&amp;after=\w+)">Further', shown)
        address = f"{at(emr)}{further[1].replace('&amp;', '&')}" if further else ""
    keys = [row(pk).key for pk in pks]
    assert found == (keys if state == "pending" else keys[::-1])


def test_given_up_ones_are_shown_first(olu: Client, clinic: Clinic, emr: Destination) -> None:
    lost = given_up(clinic, emr)
    shown = page(olu, at(emr))
    assert lost.key in shown and "it would not take it" in shown and "Send it again" in shown
    assert sentence(olu) == "Record system, Harbor: gave up on 1 message"


def test_message_is_found_by_control_id_and_by_visit(olu: Client, clinic: Clinic, emr: Destination) -> None:
    first, second = (row(pk) for pk in owe(clinic, Verb.CALL))
    (other,) = owe(clinic)
    for asked in (first.key, f" {first.key.lower()} "):
        assert olu.post("/ops/engine/find/", {"id": asked})["Location"] == at(first)
    address = olu.post("/ops/engine/find/", {"id": str(first.visit.public_id)})["Location"]
    assert address == f"{at(emr)}?visit={first.key}"
    shown = page(olu, address)
    assert first.key in shown and second.key in shown and row(other).key not in shown


@pytest.mark.parametrize("asked", ["", "Miller", "x" * 40, "0" * 20, "11111111-1111-1111-1111-111111111111"])
def test_what_is_not_found_is_said_and_names_find_nothing(
    olu: Client, clinic: Clinic, emr: Destination, asked: str
) -> None:
    owe(clinic)
    assert "Nothing here has that id" in olu.post("/ops/engine/find/", {"id": asked}, follow=True).content.decode()


@pytest.mark.parametrize("field", ["id", "reason", "state", "verb"])
def test_form_with_a_nul_is_turned_away(olu: Client, clinic: Clinic, emr: Destination, field: str) -> None:
    (pk,) = owe(clinic)
    said = {"verb": "skip", "reason": "because", "seen": "0", "state": "pending", field: "a\0b"}
    for address in ("/ops/engine/find/", at(row(pk)), f"{at(emr)}pause/", f"{at(emr)}resend/"):
        assert olu.post(address, said).status_code == 400


def test_message_says_its_facts_and_what_it_waits_for(olu: Client, clinic: Clinic, emr: Destination) -> None:
    first, second = owe(clinic, Verb.CALL)
    lost = put(first, "dead", attempts=3, fence=5, last_error="it would not take it", last_failure="rejected")
    shown = page(olu, at(lost))
    assert "3 since it was last sent again, 5 in all" in shown and "(Will not take it)" in shown
    assert f'href="{at(lost)}">{lost.key}' in page(olu, at(row(second)))


def test_resend_and_skip_from_the_page(olu: Client, clinic: Clinic, emr: Destination, no_redis: list[Any]) -> None:
    lost, unwanted = given_up(clinic, emr), given_up(clinic, emr)
    assert "sent again at its turn" in act(olu, lost, "resend")
    assert "Skipped" in act(olu, unwanted, "skip")
    assert [row(lost.pk).state, row(unwanted.pk).state] == ["pending", "skipped"]
    assert "changed since you looked" in act(olu, lost, "resend")
    assert "Say why" in act(olu, row(unwanted.pk), "resend", reason=" ")
    assert olu.post(at(lost), {"verb": "delete"}).status_code == 404


@pytest.mark.parametrize("said", [{"seen": ""}, {"seen": "x"}, {"seen": "-1"}, {"state": ""}, {"seen": "9" * 40}])
def test_act_on_something_else_than_was_seen_is_refused(
    olu: Client, clinic: Clinic, emr: Destination, said: dict[str, str]
) -> None:
    lost = given_up(clinic, emr)
    assert "changed since you looked" in act(olu, lost, "resend", **said)


def test_range_is_counted_then_confirmed(
    olu: Client, clinic: Clinic, emr: Destination, no_redis: list[Any]
) -> None:
    for hours in (1, 5):
        given_up(clinic, emr, created_at=timezone.now() - timedelta(hours=hours))
    since = f"{timezone.now() - timedelta(hours=2):%Y-%m-%dT%H:%M}"
    address = f"{at(emr)}resend/"
    assert "Send 2 again" in page(olu, address)
    shown = page(olu, f"{address}?since={since}")
    assert "Send 1 again" in shown
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown)) | {"reason": WHY}
    assert "Sent again, in order: 1." in olu.post(address, form, follow=True).content.decode()
    assert "Olu was first" in olu.post(address, form, follow=True).content.decode()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["dead", "pending"]
    assert "not a date" in page(olu, f"{address}?since=yesterday")
