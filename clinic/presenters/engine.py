"""How each destination stands, as its page says it: a word, a sentence, figures, the lever. No patient data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.integrations.results import LONGEST_PROBE
from clinic.integrations.troubles import quiet
from clinic.models import Clinic, Destination, EngineEvent
from clinic.presenters.engine_owed import NOTHING_OWED, Figures, figures
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


class Outline(NamedTuple):
    """As much of a destination as decides its place in the list: the values of OUTLINE."""

    pk: int
    name: str
    clinic: str
    is_paused: bool
    is_ill: bool
    failures: int
    ill_since: datetime | None


OUTLINE = ("pk", "name", "clinic__name", "is_paused", "is_ill", "failures", "ill_since")


class Urgency(NamedTuple):
    """The less, the sooner. Among those that need a person, the one that most messages wait for."""

    needs_nobody: bool
    less_owed: int
    order: int
    clinic: str
    name: str


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
    """All destinations of these clinics; with `words`, those with them in their own or their clinic's name.

    Of a thousand only those that are shown are looked at in full.
    """
    rows = Destination.objects.filter(clinic__in=clinics)
    for word in words.split()[:5]:
        rows = rows.filter(Q(name__icontains=word) | Q(clinic__name__icontains=word))
    now = clock.now()
    outlines = [Outline(*values) for values in rows.order_by().values_list(*OUTLINE)]
    owed = figures(None if len(outlines) > PER_PAGE else [one.pk for one in outlines])
    pauses = _pauses([one.pk for one in outlines if one.is_paused])
    states = [(one, _state(one, owed.get(one.pk, NOTHING_OWED), one.pk in pauses, now)) for one in outlines]
    found = sorted((_urgency(one, state, owed.get(one.pk, NOTHING_OWED)), one.pk) for one, state in states)
    troubled = sum(not urgency.needs_nobody for urgency, _pk in found)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(page, 1), pages)
    shown = _in_full([pk for _u, pk in found[(page - 1) * PER_PAGE : page * PER_PAGE]])
    worst = shown if page == 1 else _in_full([pk for _u, pk in found[:1]])
    sentence = _sentence(worst[0] if worst else None, troubled)
    return Overview(sentence, bool(troubled), shown, len(found), troubled, page, pages)


def _urgency(one: Outline, state: str, owed: Figures) -> Urgency:
    is_trouble = state in TROUBLE or owed.given_up > 0
    count = owed.waiting + owed.given_up if is_trouble else 0
    return Urgency(not is_trouble, -count, ORDER.index(state), one.clinic, one.name)


def _in_full(pks: list[int]) -> tuple[Standing, ...]:
    """In this order."""
    rows = Destination.objects.filter(pk__in=pks).select_related("clinic").defer(*BIG)
    by_pk = {one.pk: one for one in _standings(list(rows))}
    return tuple(by_pk[pk] for pk in pks if pk in by_pk)


def standing(destination: Destination) -> Standing:
    """One destination by itself."""
    return _standings([destination])[0]


BIG = ("mapping", "sealed_secrets", "ca_certificate", "client_certificate")


def _sentence(worst: Standing | None, troubled: int) -> str:
    if worst is None:
        return "No other system is connected"
    if worst.state == WELL:
        return "All good"
    if not troubled:
        return f"{_name(worst)} is {worst.word.lower()}, none is lost"
    more = troubled - 1
    others = f"; {more} more {'needs' if more == 1 else 'need'} somebody" if more else ""
    return f"{_name(worst)}: {worst.word[0].lower()}{worst.word[1:]}{others}"


def _name(one: Standing) -> str:
    return f"{one.name}, {one.clinic}"


def _standings(rows: list[Destination]) -> list[Standing]:
    now, pks = clock.now(), [row.pk for row in rows]
    owed, rate = figures(pks), rates(pks, now)
    pauses = _pauses([row.pk for row in rows if row.is_paused])
    return [
        _standing(row, owed.get(row.pk, NOTHING_OWED), pauses.get(row.pk), rate.get(row.pk, NOTHING), now)
        for row in rows
    ]


def _pauses(paused: list[int]) -> dict[int, EngineEvent]:
    """Who paused these, which are paused; one that stopped by itself is missing."""
    if not paused:
        return {}
    verbs = [EngineEvent.Verb.PAUSE, EngineEvent.Verb.RESUME]
    events = EngineEvent.objects.filter(destination__in=paused, verb__in=verbs).select_related("user")
    last = {event.destination_id: event for event in events.order_by("pk")}
    return {pk: event for pk, event in last.items() if event.verb == EngineEvent.Verb.PAUSE}


def _standing(row: Destination, owed: Figures, pause: EngineEvent | None, rate: Rate, now: datetime) -> Standing:
    state = _state(row, owed, pause is not None, now)
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
        next_probe=_next_probe(row.next_probe_at, now) if is_away and row.next_probe_at else "",
        is_paused=row.is_paused,
        rate=rate,
    )


def _next_probe(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M:%S} UTC" if at > now else "now"


def _state(row: Destination | Outline, owed: Figures, by_staff: bool, now: datetime) -> str:
    if row.is_paused:
        return PAUSED if by_staff else STOPPED
    if row.failures and row.ill_since is not None and (now - row.ill_since).total_seconds() > LATE_SECONDS:
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
    word = quiet(row.last_error).capitalize()
    said = f"{_wait(owed)}. Since {since:%-d %b %H:%M} UTC."
    lever = f"It is tried every {LONGEST_PROBE / 60:.0f} min or sooner, and goes on by itself once it answers."
    return f"{word} for {span(now - since)}", said, f"{lever} Tell its owner; try now when they have mended it."


def _say_gave_up(row: Destination, owed: Figures, pause: Any, now: datetime) -> tuple[str, str, str]:
    is_one = owed.given_up == 1
    them = "it" if is_one else "them"
    would = f"would not take {'this one' if is_one else 'these'}"
    it = f"It {would}" if row.is_ill else f"It takes others, but {would}"
    return (
        f"Gave up on {messages(owed.given_up)}",
        f"{it}. Later messages of the same {'visit' if is_one else 'visits'} wait behind.",
        f"Read why. Send {them} again once that is mended, or skip {them}.",
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
