"""The state of everything, in one sentence of truth and a few figures. No patient data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import redis

from clinic import clock
from clinic.integrations import troubles
from clinic.presenters.spans import span
from realtime import breaker as vendor_breaker
from realtime import gate, job_queues, jobs, obedience, redis_link, vendor_path
from realtime import switch as vendor_switch
from realtime.models import Desired, Switch

T = TypeVar("T")

ALL_GOOD = "All good"
LATE_SECONDS = 60
CHANGES_SHOWN = 8


@dataclass(frozen=True)
class Owed:
    """What one destination waits for."""

    name: str
    clinic: str
    waiting: int
    given_up: int
    oldest: datetime | None
    is_paused: bool
    silent_since: datetime | None = None
    oldest_given_up: datetime | None = None
    quiet: str = "silent"
    has_stopped: bool = False
    pk: int = 0
    clinic_pk: int = 0


@dataclass(frozen=True)
class Health:
    """`sentence`: the one that matters most; `alarm` when it needs a person now.

    `depths` and `sent` are None when Redis does not answer. `obeyed`: by which processes the switch is, in words.
    `changes`: the last of the breaker's, newest first.
    """

    sentence: str
    alarm: bool
    switch: Switch | None
    gate: gate.Decision
    depths: dict[str, int] | None
    sent: dict[str, int] | None
    owed: list[Owed] = field(default_factory=list)
    obeyed: str = ""
    breaker: vendor_breaker.View | None = None
    changes: list[vendor_breaker.Event] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return self.sentence == ALL_GOOD


def look() -> Health:
    """How it all stands now. Waits half a second for a Redis that is away, and never for the vendor."""
    row, view = vendor_switch.read(), vendor_breaker.look()
    decision, depths, owed = gate.decide(row, view), _from_redis(job_queues.depths), _owed()
    ill = _redis_ill(depths) or _stopped(owed) or _away(owed) or _given_up(owed) or _behind(owed)
    sentence = ill or _vendor_off(decision, row, view) or _vendor_ill(depths) or ALL_GOOD
    sent, obeyed, changes = _sent(depths), _obeyed(depths, row), _changes(depths)
    return Health(sentence, bool(ill), row, decision, depths, sent, owed, obeyed, view, changes)


def _changes(depths: dict[str, int] | None) -> list[vendor_breaker.Event]:
    """Not even asked for when Redis was away a moment ago."""
    guard = vendor_breaker.Breaker(redis_link.client())
    found = None if depths is None else _from_redis(lambda: guard.events(CHANGES_SHOWN))
    return found or []


def _obeyed(depths: dict[str, int] | None, row: Switch | None) -> str:
    """How many processes have taken in the switch as it stands; not even asked for when Redis was away."""
    if depths is None or row is None:
        return obedience.sentence(None)
    version = row.version
    return obedience.sentence(_from_redis(lambda: obedience.count(version)))


def _redis_ill(depths: dict[str, int] | None) -> str:
    if depths is None:
        return "Redis does not answer: screens follow within 2 seconds, deliveries wait and none is lost"
    return ""


def _given_up(owed: list[Owed]) -> str:
    found = [one for one in owed if one.given_up]
    if not found:
        return ""
    worst = max(found, key=lambda one: one.given_up)
    since = f"{worst.oldest_given_up:%Y-%m-%d %H:%M} UTC"
    of, them = ("of", "it") if worst.given_up == 1 else ("the oldest of", "them")
    kept = f"{_messages(worst.given_up)}, {of} {since}"
    return f"{worst.name} gave up on {kept}: none lost, send {them} again or skip {them} on its page"


def _stopped(owed: list[Owed]) -> str:
    """One that asked for no more, and was paused by its answer: nothing goes until somebody resumes it."""
    found = [one for one in owed if one.has_stopped]
    if not found:
        return ""
    worst = max(found, key=lambda one: one.waiting)
    return f"{worst.name} asked for no more messages, and was paused: {_waiting(worst)}"


def _away(owed: list[Owed]) -> str:
    """One that every call fails at, as long as its own page calls it so."""
    found = [(one, one.silent_since) for one in owed if one.silent_since and _is_late(one.silent_since)]
    if not found:
        return ""
    worst, since = max(found, key=lambda pair: pair[0].waiting)
    return f"{worst.name} {worst.quiet} for {span(clock.now() - since)}: {_waiting(worst)}"


def _behind(owed: list[Owed]) -> str:
    """The one that most messages wait for."""
    found = [(one, one.oldest) for one in owed if one.oldest and not one.is_paused and _is_late(one.oldest)]
    if not found:
        return ""
    worst, oldest = max(found, key=lambda pair: pair[0].waiting)
    return f"{worst.name} behind by {span(clock.now() - oldest)}: {_waiting(worst)}"


def _waiting(one: Owed) -> str:
    return f"{_messages(one.waiting)} {'waits' if one.waiting == 1 else 'wait'}, none lost"


def _is_late(since: datetime) -> bool:
    return (clock.now() - since).total_seconds() > LATE_SECONDS


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"


def _vendor_off(decision: gate.Decision, row: Switch | None, view: vendor_breaker.View | None) -> str:
    if decision.open:
        return ""
    if decision.by == "switch" and row is not None and row.desired == Desired.OFF:
        return f"Vendor off since {row.at:%H:%M} UTC by {row.actor}: screens run on our own path"
    if decision.by == "breaker" and view is not None and view.since and view.forced == "auto":
        since = datetime.fromtimestamp(view.since, UTC)
        return f"Vendor ill since {since:%H:%M} UTC ({decision.reason}): screens run on our own path"
    return f"Vendor not in use ({decision.reason}): screens run on our own path"


def _vendor_ill(depths: dict[str, int] | None) -> str:
    problem = "" if depths is None else _from_redis(vendor_path.problem) or ""
    return f"Vendor not well ({problem}): screens run on our own path" if problem else ""


def _sent(depths: dict[str, int] | None) -> dict[str, int] | None:
    """Notices by path; not even asked for when Redis was away a moment ago."""
    counts = None if depths is None else _from_redis(jobs.counts)
    if counts is None:
        return None
    totals: dict[str, int] = {}
    for name, count in counts.items():
        path = name.partition(":")[0]
        totals[path] = totals.get(path, 0) + count
    return totals


def _from_redis(ask: Callable[[], T]) -> T | None:
    """The answer, or None when Redis gives none."""
    try:
        return ask()
    except redis.RedisError:
        return None


def _owed() -> list[Owed]:
    return [
        Owed(
            one.destination.name,
            one.destination.clinic.name,
            one.waiting,
            one.given_up,
            one.oldest,
            one.destination.is_paused,
            one.silent_since,
            one.oldest_given_up,
            troubles.quiet(one.destination.last_error),
            one.has_stopped,
            one.destination.pk,
            one.destination.clinic_id,
        )
        for one in troubles.standings()
        if one.waiting or one.given_up
    ]
