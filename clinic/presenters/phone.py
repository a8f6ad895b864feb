"""What a patient's phone shows: place, ticket and room. No name and no reason: phones are lent, and lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinic import clock, estimates
from clinic.models import Visit
from clinic.presenters.public import people_ahead
from clinic.services.moves import MORE_TIME_AT_MOST, times_more_time_asked
from clinic.states import ON_SITE, State, Verb


@dataclass(frozen=True)
class PhoneTicket:
    """One of those who came together. `place`: 1 is next; None for who does not wait."""

    ticket: str
    state: str
    room: str
    place: int | None


@dataclass(frozen=True)
class PhoneBoard:
    """The patient's own page. `wait`: None where no honest range is known.

    `not_before`: when they asked to be called, if that is still ahead; `times_left`: how often they may ask again.
    `sequence`: of the last event, which a button sends back. `others`: who came with them and is still here.
    """

    own: PhoneTicket
    wait: estimates.WaitRange | None
    not_before: datetime | None
    times_left: int
    left_by_phone: bool
    sequence: int
    others: list[PhoneTicket]

    @property
    def may_leave(self) -> bool:
        return self.own.state in (State.WAITING, State.CALLED, State.STEPPED_OUT)

    @property
    def may_ask(self) -> bool:
        """Whether somebody may be called, and could want to come later than that."""
        return self.own.state in (State.WAITING, State.CALLED)


def phone_board(visit: Visit) -> PhoneBoard:
    """For a visit of `phones.visit_behind`."""
    last = visit.events.latest("sequence")
    party = visit.clinic.visits.of_party(visit).exclude(pk=visit.pk).filter(state__in=ON_SITE)
    is_later = visit.not_before is not None and visit.not_before > clock.now()
    return PhoneBoard(
        own=_ticket(visit),
        wait=estimates.range_for(visit) if visit.state == State.WAITING else None,
        not_before=visit.not_before if is_later and visit.state == State.WAITING else None,
        times_left=max(0, MORE_TIME_AT_MOST - times_more_time_asked(visit)),
        left_by_phone=last.by_patient and last.verb == Verb.LEFT,
        sequence=last.sequence,
        others=[_ticket(one) for one in party.select_related("room", "clinic").order_by("pk")],
    )


def _ticket(visit: Visit) -> PhoneTicket:
    has_room = visit.room is not None and visit.state in (State.CALLED, State.ROOMED)
    return PhoneTicket(
        ticket=visit.ticket,
        state=visit.state,
        room=str(visit.room) if has_room else "",
        place=people_ahead(visit) + 1 if visit.state == State.WAITING else None,
    )
