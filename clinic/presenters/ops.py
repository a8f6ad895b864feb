"""The ops page in words: one sentence, one lever, then the evidence. Nothing of a patient is in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from clinic.health import Health, destinations
from clinic.models import Clinic
from clinic.moments import moment
from clinic.presenters.devices import DeviceRow, device_rows
from clinic.presenters.ops_changes import Change, changes
from clinic.presenters.ops_failures import DeadLetters, FailedJobs, dead_letters, failed_jobs
from clinic.presenters.ops_queues import QueueRow, queue_rows
from clinic.presenters.ops_truths import TruthRow, truth_rows
from clinic.spans import span
from realtime.breaker import Event, View
from realtime.gate import Decision, Part
from realtime.pulse import Beat

STEPS_SHOWN = 3
# What will happen by itself is said so long before.
SOON = timedelta(minutes=5)


@dataclass(frozen=True)
class Lever:
    """The switch and what it governs. `position`: off, auto or unknown; `seen`: the row's version, for the form.

    `until_ms`: when it goes back by itself, in epoch ms; None when it does not. `soon`: that moment in words, in
    its last minutes, else "". `sent`: notices by path, in words.
    `is_main`: the first sentence is about the vendor, so that this is what helps.
    """

    position: str
    who: str
    why: str
    since: datetime | None
    until: datetime | None
    until_ms: int | None
    left: str
    soon: str
    seen: int | None
    obeyed: str
    gate: Decision
    parts: tuple[Part, ...]
    breaker: View | None
    breaker_changes: tuple[Event, ...]
    sent: str
    is_main: bool

    @property
    def is_off(self) -> bool:
        return self.position == "off"

    @property
    def act(self) -> str:
        """What its dialog does: stop, or hold an off that has an end; "" for none."""
        if not self.is_off:
            return "stop"
        return "hold" if self.until else ""


@dataclass(frozen=True)
class ProcessRow:
    """`heard`: now, or how long ago. `doing`: what, and for how long; of one that is silent the last known."""

    kind: str
    where: str
    serves: str
    heard: str
    doing: str
    up: str
    is_silent: bool


@dataclass(frozen=True)
class OwedRow:
    """`words`: its state. `is_theirs`: who looks may open its page."""

    pk: int
    name: str
    clinic: str
    state: str
    words: str
    needs_somebody: bool
    waiting: int
    given_up: int
    oldest: str
    is_theirs: bool


@dataclass(frozen=True)
class OpsBoard:
    """`first`: the worst truth, None when all is good; `also`: the others. None: Redis does not answer."""

    sentence: str
    first: TruthRow | None
    also: tuple[TruthRow, ...]
    lever: Lever
    queues: tuple[QueueRow, ...] | None
    processes: tuple[ProcessRow, ...] | None
    owed: tuple[OwedRow, ...]
    devices: tuple[DeviceRow, ...]
    failed: tuple[FailedJobs, ...] | None
    dead: tuple[DeadLetters, ...]
    changes: tuple[Change, ...]

    @property
    def is_good(self) -> bool:
        return self.first is None


def board(health: Health, clinics: QuerySet[Clinic]) -> OpsBoard:
    """`clinics`: those whose devices, destinations and changes the person may look at."""
    facts, theirs = health.facts, set(clinics.values_list("pk", flat=True))
    first, *also = truth_rows(health, theirs) or (None,)
    return OpsBoard(
        sentence=health.sentence,
        first=first,
        also=tuple(also),
        lever=_lever(health, is_main=first is not None and first.is_switch),
        queues=queue_rows(facts),
        processes=tuple(_process(one) for one in facts.pulse.beats) if facts.pulse else None,
        owed=_owed(health, theirs),
        devices=tuple(device_rows(clinics)),
        failed=failed_jobs(facts),
        dead=dead_letters(clinics, facts.now),
        changes=changes(facts, clinics),
    )


def _lever(health: Health, *, is_main: bool) -> Lever:
    facts, row = health.facts, health.switch
    is_off = row is not None and row.is_off(facts.now)
    until = row.expires_at if row and is_off else None
    return Lever(
        position="unknown" if row is None else "off" if is_off else "auto",
        who=row.actor if row else "",
        why=row.reason if row else "",
        since=row.at if row else None,
        until=until,
        until_ms=int(until.timestamp() * 1000) if until else None,
        left=span(until - facts.now) if until else "",
        soon=moment(until, facts.now) if until and until - facts.now <= SOON else "",
        seen=row.version if row else None,
        obeyed=health.obeyed,
        gate=facts.gate,
        parts=tuple(facts.gate_parts),
        breaker=facts.breaker,
        breaker_changes=tuple(health.changes[:STEPS_SHOWN]),
        sent=_sent(facts.sent),
        is_main=is_main,
    )


def _sent(sent: dict[str, int] | None) -> str:
    if sent is None:
        return "not known without Redis"
    words = {"ably": "by the vendor", "channels": "by our own path", "nobody": "by nobody"}
    return ", ".join(f"{count:,} {words.get(path, path)}" for path, count in sorted(sent.items())) or "none yet"


def _process(one: Beat) -> ProcessRow:
    return ProcessRow(
        kind=one.kind,
        where=f"{one.host}, pid {one.pid}",
        serves=", ".join(one.serves),
        heard=_heard(one.age) if one.is_silent else "now",
        doing=_doing(one),
        up=span(timedelta(seconds=one.up)),
        is_silent=one.is_silent,
    )


def _doing(one: Beat) -> str:
    if one.is_silent:
        return f"{one.doing}, when last heard" if one.doing else ""
    spent = f" for {span(timedelta(seconds=one.doing_seconds))}" if one.doing_seconds >= 10 else ""
    return f"{one.doing}{spent}" if one.doing else "waits"


def _heard(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else span(timedelta(seconds=seconds))


def _owed(health: Health, theirs: Collection[int]) -> tuple[OwedRow, ...]:
    now = health.facts.now
    return tuple(
        OwedRow(
            pk=one.destination.pk,
            name=one.destination.name,
            clinic=one.destination.clinic.name,
            state=one.state(now),
            words=one.words(now),
            needs_somebody=destinations.needs_somebody(one, now),
            waiting=one.owed.waiting,
            given_up=one.owed.given_up,
            oldest=span(now - one.owed.oldest) if one.owed.oldest else "",
            is_theirs=one.destination.clinic_id in theirs,
        )
        for one in health.owed
    )
