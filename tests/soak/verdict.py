"""Holds what is stored, shown and delivered against what people were told. Each problem is one line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.soak.book import Book
from tests.stack import Stack

# One question, so that all of it is of one moment. Only the demo's own clinic is counted.
TRUTH = """{
    "version": Topic.objects.get(clinic__slug="harbor").version,
    "visits": [[str(v.public_id), v.given_name, v.ticket, v.state] for v in Visit.objects.order_by("pk")],
    "board": [[v.ticket, v.state] for v in [*Visit.objects.called(), *Visit.objects.in_line()]],
    "events": [[e.pk, str(e.visit.public_id), e.sequence, e.verb]
               for e in VisitEvent.objects.select_related("visit").order_by("pk")],
    "deliveries": [[d.event_id, d.key, d.state, d.destination.kind]
                   for d in Delivery.objects.select_related("destination").order_by("pk")],
    "bodies": [[str(d.visit.public_id), d.body]
               for d in Delivery.objects.filter(destination__kind="fhir").select_related("visit").order_by("pk")],
}"""
OPEN = "Delivery.objects.exclude(state='delivered').count()"
ROW = re.compile(r'data-ticket="(\w*)" data-state="(\w+)"')
ROWS_IN_PAGE = "rows => rows.map(row => [row.dataset.ticket, row.dataset.state])"

# At the usual pace there are several moves a kill; a process that is away for long may cost some of them.
KILLS_A_MOVE = 3

FHIR = "fhir"
# The demo's destinations, and which moves go by HL7 as it is set up; the others hear of all.
OWED = {"webhook", "hl7", FHIR}
OWED_TO_HL7 = {"check-in", "room", "discharge", "left", "confirm", "no-show"}

Rows = list[list[str]]


@dataclass(frozen=True)
class Truth:
    """What the database holds."""

    version: int
    visits: Rows
    board: Rows
    events: list[list[Any]]
    deliveries: list[list[Any]]
    bodies: list[list[str]] = field(default_factory=list)


def truth(stack: Stack) -> Truth:
    return Truth(**stack.ask(" ".join(TRUTH.split())))


def problems(book: Book, before: Truth, now: Truth, records: dict[str, Any]) -> Iterator[str]:
    """All that was lost or doubled; nothing when all is right. `records`: what the record system says it got."""
    yield from book.odd
    yield from _visits(book, now)
    yield from _moves(book, now)
    yield from _versions(before, now)
    yield from _deliveries(now, [one for one in records["received"] if one["protocol"] != FHIR])
    yield from _resources(now, records["statuses"])
    yield from (f"{one['what']}, by {one['protocol']}: visit {one['visit']}" for one in records["violations"])


def idle(book: Book, killed: int) -> Iterator[str]:
    """With less than a check-in and a move for every few kills, little was there to be lost."""
    for what, count in (("check-ins", len(book.tickets)), ("moves", len(book.presses))):
        if count * KILLS_A_MOVE < max(killed, 1):
            yield f"the load was idle: {count} {what} in {killed} kills"


def wrong_rows(screen: str, shown: Rows, wanted: Rows) -> Iterator[str]:
    """A screen must show these rows in this order."""
    if shown != wanted:
        yield f"{screen} shows {shown}, and not {wanted}"


def _visits(book: Book, now: Truth) -> Iterator[str]:
    stored = {name: ticket for _id, name, ticket, _state in now.visits}
    for name, ticket in book.tickets.items():
        if stored.get(name) != ticket:
            yield f"a check-in is lost: {name} was told {ticket}, and has {stored.get(name)}"
    for name, times in Counter(name for _id, name, _ticket, _state in now.visits).items():
        if times > 1 and name in book.tried:
            yield f"a visit is doubled: {name} has {times}"


def _moves(book: Book, now: Truth) -> Iterator[str]:
    made = Counter((visit, verb) for _pk, visit, _sequence, verb in now.events)
    told = Counter((press.visit, press.verb) for press in book.presses)
    for (visit, verb), times in told.items():
        if made[visit, verb] < times:
            yield f"a move is lost: {verb} of visit {visit}: told {times}, stored {made[visit, verb]}"


def _versions(before: Truth, now: Truth) -> Iterator[str]:
    """Each event raises the version by one, in its own transaction: so both grew alike, whoever died when."""
    raised, added = now.version - before.version, len(now.events) - len(before.events)
    if raised != added:
        yield f"the version was raised {raised} times for {added} events"
    sequences: dict[str, list[int]] = {}
    for _pk, visit, sequence, _verb in now.events:
        sequences.setdefault(visit, []).append(sequence)
    for visit, numbers in sequences.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"the history of visit {visit} has a gap: {numbers}"


def _deliveries(now: Truth, received: list[dict[str, Any]]) -> Iterator[str]:
    owed = {(event, kind) for event, _key, _state, kind in now.deliveries}
    for pk, _visit, _sequence, verb in now.events:
        kinds = OWED if verb in OWED_TO_HL7 else OWED - {"hl7"}
        yield from (f"event {pk} owes no delivery by {kind}" for kind in sorted(kinds) if (pk, kind) not in owed)
    arrived = {one["key"]: one for one in received}
    for event, key, state, kind in now.deliveries:
        if state != "delivered":
            yield f"delivery {key} of event {event} is still {state}"
        if kind == FHIR:
            continue
        if key not in arrived:
            yield f"delivery {key} of event {event} never arrived"
        elif not arrived[key]["same"]:
            yield f"delivery {key} of event {event} came again with another body"
    stored = {key for _event, key, *_rest in now.deliveries}
    yield from (f"delivery {key} arrived and is not stored" for key in arrived if key not in stored)


def _resources(now: Truth, statuses: dict[str, dict[str, list[str]]]) -> Iterator[str]:
    """Each FHIR resource went through the states of its visit's messages, in their order, and no others."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for visit, body in now.bodies:
        for resource in json.loads(body)["resources"]:
            states = wanted.setdefault((visit, resource["resourceType"]), [])
            if "status" in resource and states[-1:] != [resource["status"]]:
                states.append(resource["status"])
    for (visit, kind), states in wanted.items():
        if (had := statuses.get(visit, {}).get(kind, [])) != states:
            yield f"{kind} of visit {visit} went through {had}, and not {states}"
