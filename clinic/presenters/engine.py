"""How each destination stands, as its page says it: a word, a sentence, figures, the lever. No patient data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from clinic import clock
from clinic.integrations.results import LONGEST_PROBE
from clinic.models import Clinic, Delivery, Destination, EngineEvent
from clinic.presenters.engine_rates import NOTHING, Rate, rates
from clinic.presenters.spans import span
from clinic.services.actors import short_name

PER_PAGE = 40
LATE_SECONDS = 60
# From what needs a person most to what needs none.
STOPPED, AWAY, GAVE_UP, PAUSED, SLOW, BEHIND, WELL = (
    "stopped", "away", "gave_up", "paused", "slow", "behind", "well",
)  # fmt: skip
ORDER = (STOPPED, AWAY, GAVE_UP, PAUSED, SLOW, BEHIND, WELL)
TROUBLE = frozenset({STOPPED, AWAY, GAVE_UP})


@dataclass(frozen=True)
class Figures:
    """What a destination is owed."""

    waiting: int = 0
    oldest: datetime | None = None
    given_up: int = 0


@dataclass(frozen=True)
class Standing:
    """One destination. `word` and `sentence`: cause and effect; `lever`: what helps, in words."""

    pk: int
    name: str
    clinic: str
    kind: str
    state: str
    word: str
    sentence: str
    lever: str
    waiting: int
    oldest: str
    given_up: int
    last_error: str
    next_probe: str
    is_paused: bool
    rate: Rate

    @property
    def needs_a_person(self) -> bool:
        return self.state in TROUBLE or bool(self.given_up)


@dataclass(frozen=True)
class Overview:
    """`shown`: one page of all, the worst first; `all_` and `troubled`: how many there are in all."""

    sentence: str
    is_alarm: bool
    shown: tuple[Standing, ...]
    all_: int
    troubled: int
    page: int
    pages: int


def overview(clinics: QuerySet[Clinic], *, words: str = "", page: int = 1) -> Overview:
    """All destinations of these clinics; with `words`, those with them in their own or their clinic's name."""
    rows = Destination.objects.filter(clinic__in=clinics).select_related("clinic").defer(*BIG)
    for word in words.split()[:5]:
        rows = rows.filter(Q(name__icontains=word) | Q(clinic__name__icontains=word))
    standings = sorted(_standings(list(rows)), key=_urgency)
    troubled = [one for one in standings if one.needs_a_person]
    pages = max(1, -(-len(standings) // PER_PAGE))
    page = min(max(page, 1), pages)
    shown = _with_rates(standings[(page - 1) * PER_PAGE : page * PER_PAGE])
    return Overview(
        _sentence(standings, troubled), bool(troubled), shown, len(standings), len(troubled), page, pages
    )


def _urgency(one: Standing) -> tuple[bool, int, int, str, str]:
    """The less, the sooner. Among those that need a person, the one that most messages wait for."""
    owed = one.waiting + one.given_up if one.needs_a_person else 0
    return (not one.needs_a_person, -owed, ORDER.index(one.state), one.clinic, one.name)


def standing(destination: Destination) -> Standing:
    """One destination by itself."""
    return _with_rates(_standings([destination]))[0]


BIG = ("mapping", "sealed_secrets", "ca_certificate", "client_certificate")


def _with_rates(standings: list[Standing]) -> tuple[Standing, ...]:
    found = rates([one.pk for one in standings], clock.now())
    return tuple(Standing(**{**vars(one), "rate": found.get(one.pk, NOTHING)}) for one in standings)


def _sentence(standings: list[Standing], troubled: list[Standing]) -> str:
    if not standings:
        return "No other system is connected"
    if not troubled:
        behind = [one for one in standings if one.state in (PAUSED, SLOW, BEHIND)]
        return "All good" if not behind else f"{_name(behind[0])} is {behind[0].word.lower()}, none is lost"
    worst = troubled[0]
    more = len(troubled) - 1
    others = f"; {more} more {'needs' if more == 1 else 'need'} somebody" if more else ""
    return f"{_name(worst)}: {worst.word[0].lower()}{worst.word[1:]}{others}"


def _name(one: Standing) -> str:
    return f"{one.name}, {one.clinic}"


def _standings(rows: list[Destination]) -> list[Standing]:
    now, figures, pauses = clock.now(), _figures(rows), _pauses(rows)
    return [_standing(row, figures.get(row.pk, Figures()), pauses.get(row.pk), now) for row in rows]


def _figures(rows: list[Destination]) -> dict[int, Figures]:
    """In two queries, each answered by the index of what is owed."""
    owed = Delivery.objects.order_by()
    if len(rows) <= PER_PAGE:
        owed = owed.filter(destination__in=[row.pk for row in rows])
    waiting = owed.filter(state=Delivery.State.PENDING).values_list("destination")
    dead = owed.filter(state=Delivery.State.DEAD).values_list("destination")
    lost: dict[int, int] = dict(dead.annotate(count=Count("pk")))
    found = {pk: Figures(given_up=count) for pk, count in lost.items()}
    for pk, count, oldest in waiting.annotate(count=Count("pk"), oldest=Min("created_at")):
        found[pk] = Figures(count, oldest, lost.get(pk, 0))
    return found


def _pauses(rows: list[Destination]) -> dict[int, EngineEvent]:
    """Who paused those that are paused; one that stopped by itself is missing."""
    paused = [row.pk for row in rows if row.is_paused]
    if not paused:
        return {}
    verbs = [EngineEvent.Verb.PAUSE, EngineEvent.Verb.RESUME]
    events = EngineEvent.objects.filter(destination__in=paused, verb__in=verbs).select_related("user")
    last = {event.destination_id: event for event in events.order_by("pk")}
    return {pk: event for pk, event in last.items() if event.verb == EngineEvent.Verb.PAUSE}


def _standing(row: Destination, owed: Figures, pause: EngineEvent | None, now: datetime) -> Standing:
    state = _state(row, owed, pause, now)
    word, sentence, lever = _SAY[state](row, owed, pause, now)
    is_away = row.is_ill and not row.is_paused
    return Standing(
        pk=row.pk,
        name=row.name,
        clinic=row.clinic.name,
        kind=row.get_kind_display(),
        state=state,
        word=word,
        sentence=sentence,
        lever=lever,
        waiting=owed.waiting,
        oldest=span(now - owed.oldest) if owed.oldest else "",
        given_up=owed.given_up,
        last_error="" if state in (WELL, SLOW, BEHIND) else row.last_error,
        next_probe=f"{row.next_probe_at:%H:%M:%S} UTC" if is_away and row.next_probe_at else "",
        is_paused=row.is_paused,
        rate=NOTHING,
    )


def _state(row: Destination, owed: Figures, pause: EngineEvent | None, now: datetime) -> str:
    if row.is_paused:
        return PAUSED if pause else STOPPED
    if row.is_ill and row.failures:
        return AWAY
    if owed.given_up:
        return GAVE_UP
    if row.is_ill:
        return SLOW
    is_late = owed.oldest is not None and (now - owed.oldest).total_seconds() > LATE_SECONDS
    return BEHIND if is_late else WELL


def messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"


def _wait(owed: Figures) -> str:
    if not owed.waiting:
        return "Nothing waits"
    return f"{messages(owed.waiting)} {'waits' if owed.waiting == 1 else 'wait'}, none lost"


def _say_stopped(row: Destination, owed: Figures, pause: Any, now: datetime) -> tuple[str, str, str]:
    why = f"Nothing is sent since {row.paused_because or 'it asked for no more'}. {_wait(owed)}."
    return "Stopped by its answer", why, "Ask its owner whether it is to have messages again. Then resume."


def _say_paused(row: Destination, owed: Figures, pause: Any, now: datetime) -> tuple[str, str, str]:
    who = short_name(pause.user) if pause.user else "the system"
    why = f"“{row.paused_because}” Since {pause.at:%-d %b %H:%M} UTC, by {who}. {_wait(owed)}."
    return "Paused", why, "Resume when the reason is gone: what waits goes out in order."


def _say_away(row: Destination, owed: Figures, pause: Any, now: datetime) -> tuple[str, str, str]:
    since = row.ill_since or now
    word = "Silent" if row.last_error.startswith("no answer") else "Not taking messages"
    said = f"{_wait(owed)}. Since {since:%-d %b %H:%M} UTC."
    lever = f"It is tried every {LONGEST_PROBE / 60:.0f} min or sooner, and goes on by itself once it answers."
    return f"{word} for {span(now - since)}", said, f"{lever} Tell its owner; try now when they have mended it."


def _say_gave_up(row: Destination, owed: Figures, pause: Any, now: datetime) -> tuple[str, str, str]:
    return (
        f"Gave up on {messages(owed.given_up)}",
        "It takes others, but would not take these. Later messages of the same visits wait behind them.",
        "Read why below. Send them again once that is mended, or skip them.",
    )


def _say_slow(row: Destination, owed: Figures, pause: Any, now: datetime) -> tuple[str, str, str]:
    last = row.last_error.removeprefix("slow: ")
    words = f"{last[:1].upper()}{last[1:]}. It has workers of its own, so no other waits for it. {_wait(owed)}."
    return "Slow", words, ""


def _say_behind(row: Destination, owed: Figures, pause: Any, now: datetime) -> tuple[str, str, str]:
    return "Behind", f"It answers, and works through what waits. {_wait(owed)}.", ""


def _say_well(row: Destination, owed: Figures, pause: Any, now: datetime) -> tuple[str, str, str]:
    return "Well", "", ""


_SAY = {
    STOPPED: _say_stopped,
    AWAY: _say_away,
    GAVE_UP: _say_gave_up,
    PAUSED: _say_paused,
    SLOW: _say_slow,
    BEHIND: _say_behind,
    WELL: _say_well,
}
