"""One of a crowd at one clinic: reads what its page would show, then acts on it, as by then others have too."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from clinic import services
from clinic.models import Clinic, Device, Visit, VisitEvent
from clinic.services import Actor, AlreadyDone, Answers, Refused
from clinic.states import MOVES, ON_SITE, OPEN, Lane, State, Verb
from realtime.models import Topic
from tests.models.people import PEOPLE, said_by

TABS = uuid.UUID("6f1f2f57-64a5-4d0c-a6ea-5d1f9b8f3c11")
# Of a page, people look at the top.
TOP = 3
Made = Sequence[Visit | VisitEvent]


class Someone:
    """A clerk's tab or a kiosk. `plan`: {"clinic", "seed", "calls", "user" or "device", "forms": see `people_of`}.

    `log`: one row a call: {"call", "visit": pk, "end", "text", "visits": [pk], "events": [pk]}; the end is "done",
    "late", "refused" or "broke".
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self.clinic = Clinic.objects.get(pk=plan["clinic"])
        self.random = random.Random(plan["seed"])
        self.calls, self.forms = plan["calls"], plan["forms"]
        user = User.objects.filter(pk=plan.get("user")).first()
        self.by = Actor(user=user, device=Device.objects.filter(pk=plan.get("device")).first())
        self.rooms = list(self.clinic.rooms.all())
        self.log: list[dict[str, Any]] = []

    def live(self) -> list[dict[str, Any]]:
        """All its calls, one after the other."""
        try:
            for number in range(self.calls):
                if self.by.user:
                    self.at_the_desk()
                else:
                    self.at_a_kiosk(number)
            return self.log
        finally:
            connection.close()

    # --- What it does -------------------------------------------------------------------------------------------

    def at_a_kiosk(self, number: int) -> None:
        """The next form of a list that all kiosks have: each is sent by several of them, at nearly one time."""
        form = self.forms[number % len(self.forms)]
        key, people = uuid.UUID(form["key"]), people_of(form)
        if len(people) > 1:
            self.do(
                "check in together",
                None,
                lambda: services.check_in_together(self.clinic, people, by=self.by, key=key),
            )
        else:
            self.do("check in", None, lambda: [services.check_in(self.clinic, people[0], by=self.by, key=key)])

    def at_the_desk(self) -> None:
        board = [*self.clinic.visits.filter(state__in=OPEN).order_by("order_key", "pk")]
        steps: list[Callable[[list[Visit]], None]] = [self.press] * 5 + [
            self.call_next,
            self.call_family,
            self.undo,
        ]
        self.random.choice(steps)(board) if board else self.call_next(board)

    def press(self, board: list[Visit]) -> None:
        """A button of one of the cards."""
        visit = self.random.choice(board[:TOP] + board[-TOP:])
        seen = visit.events.latest("sequence").sequence
        legal = [verb for verb, moves in MOVES.items() if State(visit.state) in moves and verb != Verb.REBOOK]
        verb = self.random.choice(legal)
        if verb == Verb.CHECK_IN:
            self.do(verb, visit, lambda: [services.arrive(self.clinic, visit.public_id, by=self.by)])
            return
        needs = {Verb.CALL: {"room": self.room()}, Verb.MOVE: {"lane": Lane.PRIORITY}}
        given = needs.get(verb, {"reason": "because"})
        key = self.key(f"{verb}:{visit.public_id}", seen)
        self.do(
            verb, visit, lambda: [services.move(self.clinic, visit.public_id, verb, by=self.by, key=key, **given)]
        )

    def call_next(self, board: list[Visit]) -> None:
        key = self.key("call-next", Topic.objects.get(pk=self.clinic.topic_id).version)
        room, free = self.room(), self.random.random() < 0.3
        self.do(
            "call next",
            None,
            lambda: [services.call_next(self.clinic, by=self.by, room=room, seen_free=free, key=key)],
        )

    def call_family(self, board: list[Visit]) -> None:
        visit, room = self.random.choice(board[:TOP]), self.room()
        key = self.key(f"together:{visit.public_id}", visit.events.latest("sequence").sequence)
        self.do(
            "call",
            visit,
            lambda: services.call_together(self.clinic, visit.public_id, by=self.by, room=room, key=key),
        )

    def undo(self, board: list[Visit]) -> None:
        last = VisitEvent.objects.filter(visit__clinic=self.clinic).latest("pk")
        visit, seen = last.visit, last.sequence
        key = self.key(f"undo:{visit.public_id}", seen)
        self.do(
            "undo", visit, lambda: [services.undo(self.clinic, visit.public_id, by=self.by, seen=seen, key=key)]
        )

    # --- How ----------------------------------------------------------------------------------------------------

    def room(self) -> Any:
        return self.random.choice(self.rooms)

    def key(self, what: str, seen: int) -> uuid.UUID:
        """As the desk makes it: two tabs of one clerk that show the same have the same."""
        user = self.by.user
        return uuid.uuid5(TABS, f"{user.pk if user else 0}:{what}:{seen}")

    def do(self, call: str, visit: Visit | None, step: Callable[[], Made]) -> None:
        row: dict[str, Any] = {"call": str(call), "visit": visit.pk if visit else None, "visits": [], "events": []}
        try:
            made = step()
        except Refused as no:
            row |= {"end": "late" if isinstance(no, AlreadyDone) else "refused", "text": str(no)}
        except Exception as error:
            row |= {"end": "broke", "text": f"{type(error).__name__}: {error}"}
        else:
            row |= {"end": "done", "text": ""}
            row["visits"] = [one.pk for one in made if isinstance(one, Visit)]
            row["events"] = [one.pk for one in made if isinstance(one, VisitEvent)]
        self.log.append(row)


def people_of(form: dict[str, Any]) -> list[Answers]:
    """Of `{"key", "people": [place in PEOPLE], "claimed", "days": born so much later}`."""
    said = [said_by(PEOPLE[one], form["claimed"]) for one in form["people"]]
    return [replace(one, birth_date=one.birth_date + timedelta(days=form["days"])) for one in said]


def person_of(visit: Visit) -> tuple[str, str, str]:
    return (visit.given_name_key, visit.family_name_key, str(visit.birth_date))


def is_on_site(state: str) -> bool:
    return state in ON_SITE
