"""The state of everything, in one sentence of truth and a few figures. No patient data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import redis

from clinic import clock
from clinic.integrations.troubles import (
    AWAY,
    BEHIND,
    FAILING,
    GAVE_UP,
    IDLE,
    PAUSED,
    STOPPED,
    WELL,
    Standing,
    messages,
    since_words,
    standings,
    waiting,
)
from clinic.spans import span
from realtime import breaker as vendor_breaker
from realtime import gate, job_queues, jobs, obedience, redis_link, vendor_path
from realtime import switch as vendor_switch
from realtime.models import Desired, Switch

T = TypeVar("T")

ALL_GOOD = "All good"
CHANGES_SHOWN = 8


@dataclass(frozen=True)
class Health:
    """`sentence`: the one that matters most; `alarm` when it needs a person now.

    `depths` and `sent` are None when Redis does not answer. `obeyed`: by which processes the switch is, in words.
    `owed`: the destinations that are owed anything, the worst first. `changes`: the last of the breaker's, newest
    first.
    """

    sentence: str
    alarm: bool
    switch: Switch | None
    gate: gate.Decision
    depths: dict[str, int] | None
    sent: dict[str, int] | None
    owed: list[Standing] = field(default_factory=list)
    obeyed: str = ""
    breaker: vendor_breaker.View | None = None
    changes: list[vendor_breaker.Event] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return self.sentence == ALL_GOOD


def look() -> Health:
    """How it all stands now. Waits half a second for a Redis that is away, and never for the vendor."""
    row, view = vendor_switch.read(), vendor_breaker.look()
    now, decision, depths = clock.now(), gate.decide(row, view), _from_redis(job_queues.depths)
    owed = sorted(standings(), key=lambda one: one.urgency(now))
    worst = _worst(owed, now)
    ill = _redis_ill(depths) or (worst if _is_alarm(owed, now) else "")
    sentence = ill or _vendor_off(decision, row, view) or _vendor_ill(depths) or worst or ALL_GOOD
    owed = [one for one in owed if one.owed.waiting or one.owed.given_up]
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


def _is_alarm(standing: list[Standing], now: datetime) -> bool:
    """One that is behind is for the engineer on call too: our own workers may be why."""
    worst = next(iter(standing), None)
    return worst is not None and (not worst.urgency(now).needs_nobody or worst.state(now) == BEHIND)


def _worst(standing: list[Standing], now: datetime) -> str:
    """What is to be said of the worst, which is the first; "" when that is nothing."""
    if not standing:
        return ""
    one, state = standing[0], standing[0].state(now)
    name, waits = one.destination.name, waiting(one.owed.waiting)
    if state in (WELL, IDLE):
        return ""
    if state == GAVE_UP or (state == PAUSED and one.owed.given_up):
        return _gave_up(one)
    if state in (AWAY, FAILING):
        return f"{name} {since_words(one.destination, one.owed, now)}: {waits}"
    if state == BEHIND and one.owed.oldest:
        return f"{name} behind by {span(now - one.owed.oldest)}: {waits}"
    said = {STOPPED: "asked for no more messages, and was paused", PAUSED: "is paused"}
    return f"{name} {said.get(state, 'is slow')}: {waits}"


def _gave_up(one: Standing) -> str:
    count = one.owed.given_up
    of, them = ("of", "it") if count == 1 else ("the oldest of", "them")
    kept = f"{messages(count)}, {of} {one.owed.oldest_given_up:%Y-%m-%d %H:%M} UTC"
    return f"{one.destination.name} gave up on {kept}: none lost, send {them} again or skip {them} on its page"


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
