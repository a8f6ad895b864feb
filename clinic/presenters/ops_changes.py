"""What changed, who changed it and why: the switch, the breaker, destinations, devices. No patient data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from clinic.health import Facts
from clinic.models import Clinic, Device, EngineEvent
from clinic.models.audit import SYSTEM, AuditEvent
from clinic.services.actors import short_name
from realtime.breaker import Event
from realtime.models import Desired, SwitchEvent

SHOWN = 30
WORDS = {
    "device.revoke": "locked out",
    "device.pair": "paired",
    "device.set-up": "set up",
    "device.wrong-code": "wrong code",
    "jobs.retry": "Failed jobs put back",
}
OF_DEVICES = "device."


@dataclass(frozen=True)
class Change:
    """`what`: the thing, and what became of it."""

    at: datetime
    what: str
    who: str
    why: str = ""


def changes(facts: Facts, clinics: QuerySet[Clinic]) -> tuple[Change, ...]:
    """The last of all, the newest first: what concerns the whole, and what concerns these clinics."""
    found = [*_of_the_switch(), *(_of_the_breaker(event) for event in facts.changes or [])]
    found += [*_of_destinations(clinics), *_of_the_audit(clinics)]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN])


def _of_the_switch() -> list[Change]:
    return [
        Change(event.at, _flip(event), event.actor, event.reason) for event in SwitchEvent.objects.all()[:SHOWN]
    ]


def _flip(event: SwitchEvent) -> str:
    if event.desired != Desired.OFF:
        return "Vendor turned on"
    until = f"until {event.expires_at:%-d %b %H:%M}" if event.expires_at else "until someone turns it on"
    return f"Vendor turned off {until}"


def _of_the_breaker(event: Event) -> Change:
    is_forced = "forced" in event.before + event.after
    return Change(
        event.at, f"Breaker {event.before} to {event.after}", "a person" if is_forced else "itself", event.why
    )


def _of_destinations(clinics: QuerySet[Clinic]) -> list[Change]:
    events = EngineEvent.objects.filter(destination__clinic__in=clinics).exclude(verb=EngineEvent.Verb.REVEAL)
    return [
        _at_destination(event) for event in events.select_related("destination", "user").order_by("-pk")[:SHOWN]
    ]


def _at_destination(event: EngineEvent) -> Change:
    many = f", {event.count} messages" if event.count > 1 else ""
    what = f"{event.destination.name}: {event.get_verb_display().lower()}{many}"
    return Change(event.at, what, short_name(event.user) if event.user else "the system", event.reason)


def _of_the_audit(clinics: QuerySet[Clinic]) -> list[Change]:
    """Of devices and of jobs: what else it holds is for an auditor, or is told better by the tables above."""
    rows = [*_last("device", clinics.values_list("pk", flat=True)), *_last("job queue", [SYSTEM])]
    pks = [int(row.object_id) for row in rows if row.action.startswith(OF_DEVICES) and row.object_id.isdecimal()]
    names = {str(device.pk): str(device) for device in Device.objects.filter(pk__in=pks)}
    return [_audited(row, names) for row in rows]


def _last(kind: str, chains: Iterable[int]) -> list[AuditEvent]:
    """By the index of kinds and times: years of the audit are not read for each look."""
    return list(AuditEvent.objects.filter(object_kind=kind, chain__in=list(chains)).order_by("-at")[:SHOWN])


def _audited(row: AuditEvent, names: dict[str, str]) -> Change:
    word = WORDS.get(row.action, row.action.partition(".")[2])
    who = row.actor or row.get_actor_kind_display()
    if row.action.startswith(OF_DEVICES):
        return Change(row.at, f"{names.get(row.object_id, 'A device')}: {word}", who)
    job, error = row.detail.get("kind", ""), row.detail.get("why", "")
    return Change(row.at, f"{word}: {row.detail.get('count', '')} {job}", who, f"{error} in {row.object_id}")
