"""Two clinics with people in every state, and everybody who may ask: with rights, without, or no more."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from clinic import access, half_log_in, phone_links
from clinic.inbound import uploads
from clinic.models import Clinic, Device, HelpRequest, Pairing, PhoneKey, StaffSession, Visit
from clinic.models.visits import name_key
from clinic.services import ask_for_help, devices, pairings
from clinic.staff_session import HALF, SessionStore
from clinic.states import State
from tests.clinic.inbound.lists import listed, row
from tests.factories import SECRET, WAY, make_clinic, make_destination, make_device, make_user, make_visit_in

# Last names that stand nowhere but in the rows of one clinic's patients.
OURS, THEIRS = "Quillfeather", "Zebrowicki"
NOBODY = "nobody"
# Of the browser that waits to be paired.
CODE = "BCDFGHJK"


@dataclass
class World:
    """Who is there. `cookies`: of each actor, by name. `values`: what an address's parameter may be, by name.
    `links`: pages that an actor has been sent to, and to which no link leads. `people`: user names, by actor."""

    ours: Clinic
    theirs: Clinic
    cookies: dict[str, dict[str, str]] = field(default_factory=lambda: {NOBODY: {}})
    values: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def knows(self, parameter: str, *values: Any) -> None:
        """Adds real values of a parameter, each once."""
        known = self.values.setdefault(parameter, [])
        known += [text for text in dict.fromkeys(map(str, values)) if text not in known]


def build() -> World:
    """A world in an empty database."""
    world = World(make_clinic("harbor"), make_clinic("hill"))
    for clinic, family in ((world.ours, OURS), (world.theirs, THEIRS)):
        _people(clinic, family)
    _devices(world)
    _staff(world)
    _half_in(world)
    _values(world)
    _list(world)
    _phones(world)
    return world


def _people(clinic: Clinic, family: str) -> None:
    make_destination(clinic, name=f"EMR of {clinic.slug}", is_paused=True)
    for state in WAY:
        make_visit_in(clinic, state)
    clinic.visits.update(family_name=family, family_name_key=name_key(family))


def _devices(world: World) -> None:
    for kind in Device.Kind.values:
        device, token = make_device(world.ours, kind)
        world.cookies[kind] = {access.cookie_name(kind): token}
        ask_for_help(world.ours, device)
        make_device(world.theirs, kind)
    lost, token = make_device(world.ours, name="Lost")
    devices.revoke(lost)
    world.cookies["revoked"] = {access.cookie_name("kiosk"): token}
    Device.objects.create(clinic=world.ours, kind="monitor", name="New")
    _asks, secret = pairings.offer("monitor", "")
    world.cookies["browser with a code"] = {access.pairing_cookie("monitor"): secret}
    Pairing.objects.update(code=CODE)
    Device.objects.filter(clinic=world.ours, kind="kiosk").update(paired_at=timezone.now())
    world.links["kiosk"] = [reverse("devices:set_up", args=["kiosk"])]
    world.knows("kind", *Device.Kind.values, "nonsense")


def _staff(world: World) -> None:
    people = {
        "clerk": make_user("ana", world.ours),
        "clerk of the other clinic": make_user("zoe", world.theirs),
        "manager": make_user("mo", world.ours, "manager", is_staff=True),
        "ops": make_user("olu", world.ours, "ops", is_staff=True),
        "auditor": make_user("aud", world.ours, "auditor"),
        "superuser": make_user("root", is_staff=True, is_superuser=True),
        "somebody who left": make_user("lee"),
        "somebody locked out": make_user("max", world.ours),
    }
    for name, user in people.items():
        browser = Client()
        browser.force_login(user)
        _remember(world, name, user, browser.session, **{DEVICE_ID_SESSION_KEY: "a test's"})
    User.objects.filter(username="max").update(is_active=False)
    Group.objects.create(name="Nurses")


def _half_in(world: World) -> None:
    """The password was right: one has a code to give, the other a key to set up. Both for longer than is usual."""
    for name, called in (("somebody half in", "kim"), ("somebody without a code", "sam")):
        user, asked = make_user(called, world.ours, "manager"), HttpRequest()
        PhoneKey.objects.create(user=user, name="app", confirmed=called == "kim")
        asked.session = SessionStore()
        half_log_in.begin(asked, user)
        note = {**asked.session[HALF], "at": timezone.now().timestamp() + 3600}
        _remember(world, name, user, asked.session, **{HALF: note})


def _remember(world: World, name: str, user: User, session: Any, **more: Any) -> None:
    session.update(more)
    session.save()
    world.people[name] = user.username
    world.cookies[name] = {settings.SESSION_COOKIE_NAME: session.session_key}


def _list(world: World) -> None:
    """One that a clerk has sent, and looks at now: a good row and a bad one."""
    tomorrow = timezone.now() + timedelta(days=1)
    text = listed(row(tomorrow, "Ivy", OURS), row(tomorrow, "Ivy", "", booking_id="A2"))
    kept = uploads.keep(world.ours, User.objects.get(username="ana"), text, is_day_first=False)
    world.links["clerk"] = [reverse("desk:booking_preview", args=[kept.public_id])]
    world.knows("public_id", kept.public_id)


def _phones(world: World) -> None:
    """Patients with their phones: one who waits, one who was called, one who has gone."""
    for state in (State.WAITING, State.CALLED, State.LEFT):
        address = phone_links.link(world.ours.visits.filter(state=state)[0]).removeprefix(settings.PUBLIC_URL)
        world.links.setdefault(NOBODY, []).append(address)
        world.knows("token", address.split("/")[-2])
    world.knows("rest", "a/b")


def _values(world: World) -> None:
    world.knows("public_id", *Visit.objects.values_list("public_id", flat=True)[:40], uuid.uuid4())
    world.knows("pk", *HelpRequest.objects.values_list("pk", flat=True), 0, 10**6)
    world.knows("pk", *Device.objects.values_list("pk", flat=True))
    world.knows("topic", world.ours.topic.name, world.theirs.topic.name, "a" * 26)
    world.knows("object_id", 1, 2, 3, 10**6, *Visit.objects.values_list("pk", flat=True)[:4])
    world.knows("id", *User.objects.values_list("pk", flat=True))
    world.knows("content_type_id", *ContentType.objects.values_list("pk", flat=True)[:30])
    world.knows("role", "desk", "manager", "ops", "admin")
    world.knows("app_label", "auth", "clinic", "realtime", "django_rq")
    world.knows("url", "nowhere/", "clinic/visit", "../login/")
    for parameter in ("queue_index", "scheduler_index", "connection_index"):
        world.knows(parameter, 0, 1, 4, 5, 99)
    world.knows("token", "guessed", "")
    world.knows("px", "4.250", "99.999", "x")
    world.knows("at", "name", "phone", "nonsense")
    world.knows("key", "worker-1")
    world.knows("scheduler_name", "cron")
    world.knows("cron_job_name", "clinic.integrations.jobs.sweep")
    world.knows("result_id", "1-0")


def secrets(world: World) -> list[str]:
    """What no page may show anybody: the secrets of destinations, what is kept of tokens and passwords."""
    kept = [SECRET, settings.SECRET_KEY]
    kept += [hashed for hashed in Device.objects.values_list("token_hash", flat=True) if hashed]
    kept += Pairing.objects.values_list("secret_hash", flat=True)
    kept += StaffSession.objects.values_list("session_key", flat=True)
    return kept + list(User.objects.values_list("password", flat=True))
