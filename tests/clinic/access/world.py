"""Two clinics with one of everything, and somebody of each kind who belongs to the first of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.urls import Resolver404, URLResolver, get_resolver, resolve
from django.utils import timezone

from clinic import access
from clinic.digests import digest
from clinic.inbound import uploads
from clinic.models import Clinic, Delivery, HelpRequest, InboundMessage, Membership, Visit
from realtime import switch
from realtime.models import SwitchEvent
from tests.clinic.inbound.lists import listed, row
from tests.factories import make_clinic, make_destination, make_device, make_user, make_visit

ACTORS = ("stranger", "clerk", "manager", "ops", "auditor", "superuser", "kiosk", "monitor", "phone")
STAFF = ACTORS[1:6]
OWN, OTHER = "own", "other"
TOKEN = "t" * 32
WRITES = re.compile(r'(?:INSERT INTO|REPLACE INTO|INSERT OR \w+ INTO|UPDATE|DELETE FROM)\s+"?(\w+)')
FROM_OUR_PAGE: dict[str, Any] = {"HTTP_ORIGIN": settings.PUBLIC_URL}
# What a page of ours says to somebody who was let in: not now, or not with these words.
TOLD_WHY = (409, 422)
LEADS = {"/login/": "login", "/admin/login/": "login", "/pair/": "pair"}


@dataclass
class World:
    """`objects`: of each clinic, by the name of a parameter or of a model: what an address is filled with.

    `wrote`: the tables that the last request wrote to.
    """

    clients: dict[str, Client]
    users: dict[str, User]
    objects: dict[str, dict[str, Any]]
    cookies: dict[str, str]
    wrote: set[str] = field(default_factory=set)

    def ask(self, actor: str, method: str, address: str, said: dict[str, Any]) -> str:
        """What came of it, in one word. Nothing that it did is kept, nor a cookie that it set."""
        client = self.clients[actor]
        cookies = client.cookies.output()
        self.wrote.clear()
        with transaction.atomic(), connection.execute_wrapper(self._note):
            answer = client.get(address) if method == "GET" else client.post(address, said, **FROM_OUR_PAGE)
            transaction.set_rollback(True)
        if client.cookies.output() != cookies:
            client.cookies = SimpleCookie(self.cookies[actor])
        return word_of(answer, address)

    def _note(self, execute: Any, sql: str, *rest: Any) -> Any:
        if found := WRITES.match(sql):
            self.wrote.add(found[1])
        return execute(sql, *rest)


def word_of(answer: Any, address: str) -> str:
    """login, pair or onward; "in" for a page, for being led to another, or told why not; else the number.

    The admin leads to its first page where it has no such object: 404 to us.
    """
    where = answer.headers.get("Location", "").partition("?")[0]
    for begins, word in LEADS.items():
        if where.startswith(begins):
            return word
    if where == "/admin/" and address.startswith("/admin/"):
        return "404"
    if where.startswith(address) and where.endswith("/change/"):
        return "onward"
    if 300 <= answer.status_code < 400:
        return "in" if _is_ours(where) else f"away to {where}"
    is_in = 200 <= answer.status_code < 300 or answer.status_code in TOLD_WHY
    return "in" if is_in else str(answer.status_code)


def _is_ours(where: str) -> bool:
    """Whether there is a page of Evenkeel at this address."""
    try:
        resolve(where)
    except Resolver404:
        return False
    return True


def routes() -> list[str]:
    """Every address that there is, as the URL configuration writes it."""
    return sorted(set(_walk(get_resolver().url_patterns, "")))


def _walk(patterns: Any, prefix: str) -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            yield route


def build() -> World:
    own, other = make_clinic("harbor"), make_clinic("inland")
    users = {role: make_user(role, own, role) for role in ("clerk", "manager", "ops", "auditor")}
    users["superuser"] = make_user("superuser", is_superuser=True)
    User.objects.filter(username__in=("manager", "ops", "superuser")).update(is_staff=True)
    objects = {OWN: _things(own, users["clerk"]), OTHER: _things(other, make_user("cleo", other, "clerk"))}
    switch.flip("off", by="olu", reason="drill")
    shared = {"switch": 1, "switchevent": SwitchEvent.objects.get().pk, "group": Group.objects.create(name="x").pk}
    for things in objects.values():
        things |= shared
    clients = _clients(users, objects[OWN])
    return World(
        clients, users, objects, {actor: client.cookies.output(header="") for actor, client in clients.items()}
    )


def _things(clinic: Clinic, clerk: User) -> dict[str, Any]:
    make_destination(clinic)
    visit = make_visit(clinic)
    Visit.objects.filter(pk=visit.pk).update(phone_hash=digest(clinic.slug + TOKEN))
    kiosk, kiosk_token = make_device(clinic)
    monitor, monitor_token = make_device(clinic, "monitor", "Hall")
    delivery = Delivery.objects.get(destination__clinic=clinic)
    upload = uploads.keep(clinic, clerk, listed(row(timezone.now())), is_day_first=False)
    message = InboundMessage.objects.create(
        clinic=clinic, digest=clinic.slug, text="", answer="", outcome="refused", received_at=timezone.now()
    )
    return {
        "clinic": clinic.pk, "visit": visit.pk, "public_id": visit.public_id, "upload": upload.public_id,
        "help": HelpRequest.objects.create(clinic=clinic).pk, "device": kiosk.pk, "monitor": monitor.pk,
        "destination": delivery.destination_id, "delivery": delivery.pk, "key": delivery.key,
        "membership": Membership.objects.get(user=clerk).pk, "user": clerk.pk, "inboundmessage": message.pk,
        "helprequest": HelpRequest.objects.create(clinic=clinic).pk, "topic": clinic.topic.name,
        "token": clinic.slug + TOKEN, "kiosk_token": kiosk_token, "monitor_token": monitor_token,
    }  # fmt: skip


def _clients(users: dict[str, User], things: dict[str, Any]) -> dict[str, Client]:
    clients = {actor: Client(raise_request_exception=True) for actor in ACTORS}
    for actor, user in users.items():
        clients[actor].force_login(user)
    for kind in ("kiosk", "monitor"):
        clients[kind].cookies[access.cookie_name(kind)] = things[f"{kind}_token"]
    clients["phone"].cookies[access.cookie_name("phone")] = things["token"]
    return clients
