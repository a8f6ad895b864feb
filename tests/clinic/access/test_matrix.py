"""Every address by every kind of person, at their own clinic and at another: as the table says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from realtime import rights, routing
from realtime.hub import Hub
from tests.clinic.access import document
from tests.clinic.access import world as worlds
from tests.clinic.access.document import TABLE
from tests.clinic.access.table import IN, SOCKETS, Rule, elsewhere
from tests.clinic.access.world import ACTORS, OTHER, OWN, World

pytestmark = pytest.mark.django_db

AREAS = ("kiosk/", "monitor/", "v/", "desk/", "ops/", "admin/clinic/", "admin/auth/", "admin/realtime/")
AREAS += ("admin/django_rq/", "admin/", "")
# Who looked, and when somebody was last seen; and what a page offers to whoever asks for it: a code, a key.
MAY_BE_WRITTEN_BY_READING = {
    "django_session", "clinic_staffsession", "clinic_auditevent", "clinic_auditchain", "clinic_devicereport",
    "clinic_pairing", "clinic_phonekey",
}  # fmt: skip
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)\??")


@pytest.fixture
def world(live_redis: Any) -> World:
    return worlds.build()


def area_of(route: str) -> str:
    return next(area for area in AREAS if route.startswith(area))


def address(world: World, route: str, rule: Rule, side: str) -> str:
    values = {**rule.plain, **{name: world.objects[side][of] for name, of in rule.fill.items()}}
    plain = GROUP.sub(lambda found: f"<{found[1]}>", route)
    plain = re.sub(r"[\^$]|/\?", "", plain) if plain != route or "^" in route else route
    return "/" + PARAMETER.sub(lambda found: str(values[found[1]]), plain)


def asked(world: World, rule: Rule) -> Iterator[tuple[str, str, dict[str, str]]]:
    """At which clinic, how, and what each is to hear."""
    of_a_clinic = any(world.objects[OWN][of] != world.objects[OTHER][of] for of in rule.fill.values())
    for side in (OWN, OTHER) if of_a_clinic else (OWN,):
        for method, row in (("GET", rule.get), ("POST", rule.post)):
            yield side, method, row if side == OWN else elsewhere(row)


@pytest.mark.parametrize("area", AREAS)
def test_each_is_answered_as_the_table_says(world: World, area: str) -> None:
    wrong = []
    for route in (one for one in worlds.routes() if area_of(one) == area and one in TABLE):
        rule = TABLE[route]
        for side, method, row in asked(world, rule):
            path = address(world, route, rule, side)
            for actor in ACTORS:
                heard = world.ask(actor, method, path, rule.said)
                who = f"{method} {route} at {side} clinic: {actor}"
                wrong += [f"{who} gets {heard}, not {row[actor]}"] if heard != row[actor] else []
                changed = world.wrote - MAY_BE_WRITTEN_BY_READING if method == "GET" else set()
                wrong += [f"{who} changes {', '.join(sorted(changed))} by reading"] if changed else []
    assert wrong == []


def test_every_address_has_an_entry() -> None:
    new = sorted(set(worlds.routes()) - set(TABLE))
    assert new == [], (
        f"Say who may ask for {', '.join(new)}: add an entry to RULES in tests/clinic/access/table.py "
        f"(in the admin: to admin_table.py). {document.HOW}"
    )


def test_no_entry_is_of_an_address_that_there_is_not() -> None:
    assert sorted(set(TABLE) - set(worlds.routes())) == []


def test_whatever_takes_a_form_refuses_one_without_its_token(world: World) -> None:
    """Of each that is let in. A device's report proves by its origin where it comes from."""
    taken = []
    for route, rule in TABLE.items():
        actor = next((one for one in ACTORS if rule.post[one] == IN), None)
        if actor is None or route in ("devices/report/",):
            continue
        client = Client(enforce_csrf_checks=True)
        client.cookies = world.clients[actor].cookies.copy()
        client.cookies.pop(settings.CSRF_COOKIE_NAME, None)
        answer = client.post(address(world, route, rule, OWN), rule.said)
        taken += [f"{route} by {actor}: {answer.status_code}"] if answer.status_code not in (403, 400) else []
    assert taken == []


def test_every_socket_has_an_entry() -> None:
    assert {str(route.pattern) for route in routing.sockets(Hub())} == set(SOCKETS), (
        "say in table.py who may listen"
    )


@pytest.mark.parametrize("actor", ACTORS)
def test_socket_opens_to_whom_the_vendors_stream_does(world: World, actor: str) -> None:
    cookies = {name: morsel.value for name, morsel in world.clients[actor].cookies.items()}
    user = world.users.get(actor, AnonymousUser())
    grants = [rights.may_listen(world.objects[side]["topic"], cookies, user) for side in (OWN, OTHER)]
    is_let_in = SOCKETS["^ws/(?P<topic>[a-z2-7]{26})/$"][actor] == IN
    assert (TABLE["live/<slug:topic>/vendor/"].get[actor] == IN) == is_let_in
    assert [grant is not None for grant in grants] == [is_let_in, False]


def test_document_says_what_the_table_says() -> None:
    assert document.is_as_it_should_be(), document.HOW
