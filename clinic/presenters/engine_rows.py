"""The messages of one destination in lists, and one by itself: what became of them, never what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.models import Delivery, Destination, EngineEvent, Visit
from clinic.services.actors import short_name
from clinic.spans import span

PER_PAGE = 50
EVENTS_SHOWN = 20
State = Delivery.State
# The order that each list has an index for: what waits by age, the rest the newest first.
ORDER = {
    State.PENDING: ("created_at", "pk"),
    State.DEAD: ("-pk",),
    State.SKIPPED: ("-pk",),
    State.DELIVERED: ("-delivered_at", "-pk"),
}


@dataclass(frozen=True)
class Row:
    key: str
    state: str
    state_word: str
    what: str
    owed_since: str
    tries: str
    then: str
    last_error: str


@dataclass(frozen=True)
class Rows:
    """One page. `following`: the key after which the next page begins, "" at the end."""

    rows: tuple[Row, ...]
    following: str


@dataclass(frozen=True)
class Done:
    """Something that staff did."""

    at: str
    what: str
    who: str
    why: str
    key: str


@dataclass(frozen=True)
class Facts:
    """One message. `seen`: what an act upon it must name; `is_leased`: it is on its way at this moment."""

    row: Row
    destination: Destination
    visit: str
    first_owed: str
    give_up: str
    all_tries: int
    failure: str
    held_by: str
    others: tuple[Row, ...]
    is_leased: bool
    can_skip: bool
    seen: int


def rows(destination: Destination, state: str, *, after: str = "") -> Rows:
    """A page of those in this state, beginning behind the one whose key is `after`."""
    chosen = State(state) if state in State.values else State.PENDING
    found = destination.deliveries.filter(state=chosen).order_by(*ORDER[chosen])
    last = destination.deliveries.filter(key=after).first() if after else None
    if last is not None:
        found = _behind(found, chosen, last)
    return _page(found)


def rows_of_visit(destination: Destination, visit: Visit, *, after: str = "") -> Rows:
    """A page of those of one visit, in order, beginning behind the one whose key is `after`."""
    found = destination.deliveries.filter(visit=visit).order_by("pk")
    last = found.filter(key=after).first() if after else None
    return _page(found.filter(pk__gt=last.pk) if last else found)


def told_of(found: QuerySet[Delivery]) -> list[Delivery]:
    """The first of these messages at each destination, by the destination's clinic and name."""
    first: dict[int, Delivery] = {}
    for one in found.select_related("destination__clinic").defer("body").order_by("pk"):
        first.setdefault(one.destination_id, one)
    return sorted(first.values(), key=lambda one: (one.destination.clinic.name, one.destination.name))


def _behind(found: QuerySet[Delivery], state: State, last: Delivery) -> QuerySet[Delivery]:
    """The first bound is what an index can use; the second is exact."""
    if state == State.PENDING:
        at = last.created_at
        return found.filter(Q(created_at__gt=at) | Q(pk__gt=last.pk), created_at__gte=at)
    if state == State.DELIVERED and last.delivered_at is not None:
        bound = last.delivered_at
        return found.filter(Q(delivered_at__lt=bound) | Q(pk__lt=last.pk), delivered_at__lte=bound)
    return found.filter(pk__lt=last.pk)


def _page(found: QuerySet[Delivery]) -> Rows:
    now = clock.now()
    some = list(found.select_related("event").defer("body")[: PER_PAGE + 1])
    following = some[PER_PAGE - 1].key if len(some) > PER_PAGE else ""
    return Rows(tuple(_row(one, now) for one in some[:PER_PAGE]), following)


def _row(one: Delivery, now: datetime) -> Row:
    return Row(
        key=one.key,
        state=one.state,
        state_word=_leased_word(one, now) or one.get_state_display(),
        what=one.event.get_verb_display(),
        owed_since=_at(one.created_at),
        tries=str(one.attempts),
        then=_then(one, now),
        last_error=one.last_error,
    )


def _leased_word(one: Delivery, now: datetime) -> str:
    return "On its way" if _is_leased(one, now) else ""


def _is_leased(one: Delivery, now: datetime) -> bool:
    return one.state == State.PENDING and one.leased_until is not None and one.leased_until >= now


def _then(one: Delivery, now: datetime) -> str:
    if one.state == State.DELIVERED and one.delivered_at is not None:
        return _at(one.delivered_at)
    if one.state == State.PENDING and not _is_leased(one, now):
        return f"in {span(one.next_try_at - now)}" if one.next_try_at > now else "at its turn"
    return ""


def _at(moment: datetime) -> str:
    return f"{moment:%-d %b %H:%M:%S}"


def history(destination: Destination, delivery: Delivery | None = None) -> tuple[Done, ...]:
    """The last that staff did here, the newest first."""
    events = destination.events.select_related("user", "delivery")
    if delivery is not None:
        events = events.filter(delivery=delivery)
    return tuple(_done(event) for event in events[:EVENTS_SHOWN])


def _done(event: EngineEvent) -> Done:
    many = f", {event.count}" if event.count != 1 else ""
    return Done(
        at=_at(event.at),
        what=f"{event.get_verb_display()}{many}",
        who=short_name(event.user) if event.user else "the system",
        why=event.reason,
        key=event.delivery.key if event.delivery else "",
    )


def facts(delivery: Delivery) -> Facts:
    """Needs `destination`, `event` and `visit` beside the row."""
    now, of_visit = clock.now(), Delivery.objects.filter(destination=delivery.destination, visit=delivery.visit)
    held = of_visit.filter(state__in=[State.PENDING, State.DEAD], pk__lt=delivery.pk).order_by("pk").first()
    is_open = delivery.state in (State.PENDING, State.DEAD)
    return Facts(
        row=_row(delivery, now),
        destination=delivery.destination,
        visit=str(delivery.visit.public_id),
        first_owed=f"{_at(delivery.created_at)} UTC",
        give_up=f"{_at(delivery.give_up_at)} UTC" if delivery.state == State.PENDING else "",
        all_tries=delivery.fence,
        failure=delivery.get_last_failure_display(),
        held_by=held.key if held and is_open else "",
        others=_page(of_visit.exclude(pk=delivery.pk).order_by("pk")).rows,
        is_leased=_is_leased(delivery, now),
        can_skip=is_open,
        seen=delivery.fence,
    )
