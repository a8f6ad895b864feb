"""Reads and presses the front desk as a clerk does."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from clinic.models import Clinic, Room, Visit
from clinic.services import Actor, move
from clinic.states import Verb
from tests.factories import make_booking, make_visit

WAYS = {
    "waiting": [],
    "called": [Verb.CALL],
    "roomed": [Verb.CALL, Verb.ROOM],
    "stepped_out": [Verb.STEP_OUT],
}


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def desk(client: Client) -> str:
    return str(client.get("/desk/").content.decode())


def card(page: str, visit: Visit) -> str:
    """The one form of a visit's card."""
    found = re.search(
        rf'<form class="card"[^>]*action="/desk/visits/{visit.public_id}/[^"]*".*?</form>', page, re.DOTALL
    )
    assert found is not None
    return found[0]


def verbs(card: str) -> list[str]:
    return re.findall(r'data-verb="([\w-]+)"', card)


def seen(form: str) -> str:
    """What the form says that the person has seen."""
    found = re.search(r'name="seen" value="(\d+)"', form)
    assert found is not None
    return found[1]


def press(client: Client, visit: Visit, verb: str, **more: Any) -> str:
    """Presses a button of the card as the page shows it now; gives what the page then says."""
    shown = card(desk(client), visit)
    assert f'<button class="button" name="verb" value="{verb}"' in shown
    return said(send(client, visit, verb, seen=seen(shown), **more))


def send(client: Client, visit: Visit, verb: str, **more: Any) -> Any:
    return client.post(f"/desk/visits/{visit.public_id}/", {"verb": verb, **more}, follow=True)


def said(response: Any) -> str:
    """What the page says after an act."""
    return " ".join(re.sub("<[^>]*>", " ", message(response)).split()).removesuffix(" Show the card")


def message(response: Any) -> str:
    """The same with its tags."""
    _before, _bar, after = response.content.decode().partition(
        'class="desk-said" role="status" aria-atomic="true">'
    )
    return str(after.partition("<hr")[0])


def state(visit: Visit) -> str:
    return str(Visit.objects.get(pk=visit.pk).state)


def called(clinic: Clinic, room: Room) -> Visit:
    visit = make_visit(clinic)
    move(clinic, visit.public_id, Verb.CALL, by=Actor(), room=room)
    return visit


def in_state(before: str, clinic: Clinic, room: Room) -> Visit:
    if before == "expected":
        return make_booking(clinic, timezone.now())
    visit = make_visit(clinic)
    for verb in WAYS[before]:
        move(clinic, visit.public_id, verb, by=Actor(), room=room)
    return visit
