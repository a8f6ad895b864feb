"""One card of the desk: what a clerk needs to find a person, to address them, and to act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from clinic import parties
from clinic.ages import age_on
from clinic.models import Clinic, Visit, VisitEvent
from clinic.names import fold
from clinic.presenters import line
from clinic.presenters.flags import Flag, flags
from clinic.presenters.questions import Question, question
from clinic.services import persons
from clinic.services.actors import name_of
from clinic.services.line import keeps_place
from clinic.services.moves import can_undo
from clinic.states import ENDED, ON_SITE, State, Verb

# From so many minutes on, a wait is long, and very long.
LONG, VERY_LONG = 30, 60
# The buttons of a card, the main one first.
VERBS: Mapping[str, Sequence[Verb]] = {
    State.EXPECTED: [Verb.CHECK_IN, Verb.NO_SHOW, Verb.CANCEL],
    State.WAITING: [Verb.CALL, Verb.STEP_OUT, Verb.LEFT],
    State.CALLED: [Verb.ROOM, Verb.RECALL, Verb.RETURN, Verb.STEP_OUT, Verb.NO_SHOW, Verb.LEFT],
    State.STEPPED_OUT: [Verb.RETURN, Verb.LEFT],
    State.ROOMED: [Verb.DISCHARGE],
}
# What a card may ask for at one time or another. The rest is the admin's, with a reason.
OFFERED = frozenset(verb for verbs in VERBS.values() for verb in verbs) | {Verb.KEEP, Verb.CONFIRM, Verb.UNDO}


@dataclass(frozen=True)
class DeskCard:
    """One visit as the staff of its clinic sees it; `waited` in whole minutes since the arrival.

    `family`: the tickets of all who came together and are here; `waiting_family` counts those who
    wait. `find`: ticket and names, folded, for the search. `why_here`: of those who wait.
    """

    public_id: UUID
    ticket: str
    state: str
    state_label: str
    name: str
    age: int
    reason: str
    lane: str
    lane_label: str
    since: datetime | None
    waited: int
    room: str
    calls: int
    booked_for: datetime | None
    is_of_today: bool
    identity_checked: bool
    sequence: int
    last_by: str
    verbs: list[str]
    can_undo: bool
    answered_by: str
    keeps_place: bool
    family: list[str]
    waiting_family: int
    question: Question | None
    flags: list[Flag]
    why_here: str
    find: str

    @property
    def is_here(self) -> bool:
        return self.state in ON_SITE

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """Each verb with the words on its button."""
        own = {str(Verb.KEEP): _("Still expected")} if self.state == State.EXPECTED else {}
        return [(name, str(own.get(name, Verb(name).label))) for name in self.verbs]

    @property
    def main(self) -> list[tuple[str, str]]:
        """What is pressed most: the first button, and with an open question its answer before it."""
        return self.buttons[: 2 if self.question else 1]

    @property
    def more(self) -> list[tuple[str, str]]:
        """All the rest."""
        return self.buttons[len(self.main) :]

    @property
    def needs_time(self) -> bool:
        """Whether they asked not to be called yet."""
        return any(flag.until for flag in self.flags)

    @property
    def wait(self) -> str:
        """How long that is, for one who still waits: "", "long" or "very-long"."""
        if self.state not in (State.WAITING, State.CALLED, State.STEPPED_OUT) or self.waited < LONG:
            return ""
        return "very-long" if self.waited >= VERY_LONG else "long"

    def is_found(self, words: str) -> bool:
        """Whether each word is a part of the ticket or of a name, accents and case apart."""
        return all(word in self.find for word in map(fold, words.split()))


def cards(clinic: Clinic, visits: Sequence[Visit], now: datetime, today: date) -> list[DeskCard]:
    """A card for each, in their order; those who wait come in the line's. A few queries, however many."""
    make = _Cards(
        now=now,
        today=today,
        last=VisitEvent.objects.select_related("user", "device").last_of(visits),
        families=parties.together(visit for visit in visits if visit.state in ON_SITE),
        ended=persons.last_ended(visits, today),
        why_here=line.reasons(clinic, [visit for visit in visits if visit.state == State.WAITING]),
    )
    return [make.card(visit) for visit in visits]


def minutes_since(moment: datetime | None, now: datetime) -> int:
    """Whole minutes, and never less than none: two servers' clocks may differ."""
    return max(0, int((now - moment).total_seconds() // 60)) if moment else 0


@dataclass(frozen=True)
class _Cards:
    """What the cards of one board are made from, by the visit's pk, or by the person."""

    now: datetime
    today: date
    last: Mapping[int, VisitEvent]
    families: Mapping[int, list[Visit]]
    ended: Mapping[tuple[str, str, date], Visit]
    why_here: Mapping[int, str]

    def card(self, visit: Visit) -> DeskCard:
        last, family = self.last[visit.pk], self.families.get(visit.pk, [])
        return DeskCard(
            public_id=visit.public_id,
            ticket=visit.ticket,
            state=visit.state,
            state_label=visit.get_state_display(),
            name=f"{visit.given_name} {visit.family_name}".strip(),
            age=age_on(visit.birth_date, visit.clinic.wall_date(self.now)),
            reason=visit.get_reason_display(),
            lane=visit.lane,
            lane_label=visit.get_lane_display(),
            since=visit.arrived_at,
            waited=minutes_since(visit.arrived_at, self.now),
            room=visit.room.name if visit.room else "",
            calls=visit.calls,
            booked_for=visit.booked_for,
            is_of_today=visit.day == self.today,
            identity_checked=visit.identity_checked,
            sequence=last.sequence,
            last_by=f"{last.get_verb_display()}: {name_of(last)}",
            verbs=_verbs(visit, last),
            can_undo=can_undo(last, self.now),
            answered_by=visit.answered_by,
            keeps_place=_keeps_place(visit),
            family=[one.ticket for one in family],
            waiting_family=sum(one.state == State.WAITING for one in family),
            question=question(visit.clinic, last),
            flags=flags(visit, self.now, self.ended.get(persons.key(visit))),
            why_here=self.why_here.get(visit.pk, ""),
            find=" ".join(map(fold, (visit.ticket, visit.given_name, visit.family_name))),
        )


def _keeps_place(visit: Visit) -> bool:
    booked, arrived = visit.booked_for, visit.arrived_at
    return bool(booked and arrived and keeps_place(visit.clinic, arrived, booked))


def _verbs(visit: Visit, last: VisitEvent) -> list[str]:
    verbs = [*[Verb.KEEP] * (last.verb == Verb.ASK), *VERBS.get(visit.state, [])]
    confirm = [Verb.CONFIRM] if visit.state in ON_SITE and not visit.identity_checked else []
    return [str(verb) for verb in [*verbs, *confirm]]
