"""How each destination stands: its state, since when, and which of them is the worst.

All pages, mails and figures have it from here, so that none says something else than another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from clinic.integrations.owed import NOTHING, Owed, owed
from clinic.models import Destination, EngineEvent
from clinic.spans import span

# Pages say it then; people are told of it by mail only later, for most silences end by themselves.
LATE = timedelta(seconds=60)
TOLD_AFTER = timedelta(minutes=15)
# What people are told of.
SILENT, GIVEN_UP = "silent", "given_up"
# The states, from the worst to the best. Two of them are troubles that people are told of as well.
STOPPED, AWAY, FAILING, GAVE_UP, BEHIND, PAUSED, SLOW, IDLE, WELL = ORDER = (
    "stopped", "away", "failing", "gave_up", "behind", "paused", "slow", "idle", "well",
)  # fmt: skip
# Nothing reaches one of these; one that gave up on some messages may take all others.
OUTAGES = frozenset({STOPPED, AWAY, FAILING})
NEEDS_SOMEBODY = OUTAGES | {GAVE_UP}


class Outline(NamedTuple):
    """As much of a destination as decides how it stands: the values of OUTLINE."""

    pk: int
    name: str
    clinic: str
    is_paused: bool
    is_ill: bool
    failures: int
    ill_since: datetime | None


OUTLINE = ("pk", "name", "clinic__name", "is_paused", "is_ill", "failures", "ill_since")


class Urgency(NamedTuple):
    """The less, the sooner. Who takes nothing goes first, however few wait for it yet: what was given up keeps.
    Then, among those that need a person, the one that most messages wait for.
    """

    needs_nobody: bool
    takes_some: bool
    less_owed: int
    order: int
    clinic: str
    name: str


@dataclass(frozen=True)
class Standing:
    """`by_staff`: it is paused, and somebody did it."""

    destination: Destination
    owed: Owed = NOTHING
    by_staff: bool = False

    @property
    def silent_since(self) -> datetime | None:
        return silent_since(self.destination, self.owed)

    @property
    def failing_since(self) -> datetime | None:
        return failing_since(self.destination, self.owed)

    @property
    def has_stopped(self) -> bool:
        """It asked for no more messages, and those that wait will not go by themselves."""
        return self.destination.is_paused and not self.by_staff

    def state(self, now: datetime) -> str:
        return state(self.destination, self.owed, self.by_staff, now)

    def words(self, now: datetime) -> str:
        """Its state, for people: "silent for 2 h 10 min", "gave up on 3 messages"."""
        its_state = self.state(now)
        if its_state in (AWAY, FAILING):
            return since_words(self.destination, self.owed, now)
        if its_state == BEHIND and self.owed.oldest:
            return f"behind by {span(now - self.owed.oldest)}"
        if its_state == GAVE_UP:
            return f"gave up on {messages(self.owed.given_up)}"
        return "stopped by its answer" if its_state == STOPPED else its_state

    def urgency(self, now: datetime) -> Urgency:
        row = self.destination
        return urgency(self.state(now), self.owed, row.clinic.name, row.name)

    def troubles(self, now: datetime) -> frozenset[str]:
        """What a person should be told of."""
        found = {
            SILENT: _is_past(self.silent_since, TOLD_AFTER, now),
            FAILING: _is_past(self.failing_since, TOLD_AFTER, now),
            GIVEN_UP: self.owed.given_up > 0,
            STOPPED: self.has_stopped,
        }
        return frozenset(kind for kind, is_so in found.items() if is_so)


def standings(*pks: int) -> list[Standing]:
    """Of all destinations that are owed anything, are paused, or were alarmed about; or of these."""
    found = owed(pks or None)
    rows = Destination.objects.select_related("clinic")
    rows = rows.filter(Q(pk__in=list(found)) | Q(is_paused=True) | ~Q(alarms="") | ~Q(mailed=""))
    if pks:
        rows = rows.filter(pk__in=pks)
    staff = pauses([row.pk for row in rows if row.is_paused])
    return [Standing(row, found.get(row.pk, NOTHING), row.pk in staff) for row in rows]


def pauses(paused: Collection[int]) -> dict[int, EngineEvent]:
    """Who paused these, which are paused; one that stopped by its own answer is missing."""
    if not paused:
        return {}
    verbs = [EngineEvent.Verb.PAUSE, EngineEvent.Verb.RESUME]
    events = EngineEvent.objects.filter(destination__in=paused, verb__in=verbs).select_related("user")
    last = {event.destination_id: event for event in events.order_by("pk")}
    return {pk: event for pk, event in last.items() if event.verb == EngineEvent.Verb.PAUSE}


def state(row: Destination | Outline, owes: Owed, by_staff: bool, now: datetime) -> str:
    """One of ORDER."""
    if row.is_paused:
        return PAUSED if by_staff else STOPPED
    if _is_past(silent_since(row, owes), LATE, now):
        return AWAY
    if _is_past(failing_since(row, owes), TOLD_AFTER, now):
        return FAILING
    if owes.given_up:
        return GAVE_UP
    if _is_past(owes.oldest, LATE, now):
        return BEHIND
    if row.is_ill:
        return SLOW if owes.waiting else IDLE
    return WELL


def urgency(its_state: str, owes: Owed, clinic: str, name: str) -> Urgency:
    """Where it stands among all, in all lists."""
    needs_nobody = its_state not in NEEDS_SOMEBODY and not owes.given_up
    count = 0 if needs_nobody else owes.waiting + owes.given_up
    return Urgency(needs_nobody, its_state not in OUTAGES, -count, ORDER.index(its_state), clinic, name)


def silent_since(row: Destination | Outline, owes: Owed) -> datetime | None:
    """From when on every call failed while messages waited; None when that is not so."""
    # One that is ill and slow, yet takes what it is sent, has no failures.
    if not (row.ill_since and row.failures and owes.waiting) or row.is_paused:
        return None
    return max(row.ill_since, owes.taken_at or row.ill_since)


def failing_since(row: Destination | Outline, owes: Owed) -> datetime | None:
    """From when on it answered, and could not process what it was sent; None when that is not so."""
    if not owes.errors_since or row.is_paused or silent_since(row, owes):
        return None
    return max(owes.errors_since, owes.taken_at or owes.errors_since)


def quiet(last_error: str) -> str:
    """What a destination is that every call fails at, in the same words on all pages and in mails."""
    return "silent" if last_error.startswith("no answer") else "not taking messages"


def since_words(row: Destination, owes: Owed, now: datetime) -> str:
    """Of one that is away or failing: "silent for 2 h 10 min"."""
    if silent := silent_since(row, owes):
        return f"{quiet(row.last_error)} for {span(now - silent)}"
    failing = failing_since(row, owes)
    return f"failing for {span(now - failing)}" if failing else "well"


def messages(count: int, one: str = "", many: str = "") -> str:
    """In words, with what they do: "1 message waits", "3 messages wait"."""
    return f"1 message {one}".rstrip() if count == 1 else f"{count:,} messages {many}".rstrip()


def waiting(count: int) -> str:
    """ "212 messages wait, none lost"."""
    return f"{messages(count, 'waits', 'wait')}, none lost" if count else "nothing waits"


def _is_past(since: datetime | None, length: timedelta, now: datetime) -> bool:
    return since is not None and now - since >= length
