"""How each destination stands, as its page says it: a word, a sentence, figures, the lever. No patient data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.integrations.owed import NOTHING, Owed, owed
from clinic.integrations.results import LONGEST_PROBE
from clinic.integrations.troubles import (
    AWAY,
    BEHIND,
    FAILING,
    GAVE_UP,
    IDLE,
    OUTLINE,
    PAUSED,
    SLOW,
    STOPPED,
    WELL,
    Outline,
    failing_since,
    messages,
    pauses,
    silent_since,
    since_words,
    state,
    urgency,
    waiting,
)
from clinic.models import Clinic, Destination, EngineEvent
from clinic.presenters.engine_rates import NOTHING as NO_RATE
from clinic.presenters.engine_rates import Rate, rates
from clinic.services.actors import short_name
from clinic.spans import span

PER_PAGE = 40


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
    owes = owed(None if len(outlines) > PER_PAGE else [one.pk for one in outlines])
    paused = pauses([one.pk for one in outlines if one.is_paused])
    found = []
    for one in outlines:
        its = owes.get(one.pk, NOTHING)
        found.append((urgency(state(one, its, one.pk in paused, now), its, one.clinic, one.name), one.pk))
    found.sort()
    troubled = sum(not how.needs_nobody for how, _pk in found)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(page, 1), pages)
    shown = _in_full([pk for _u, pk in found[(page - 1) * PER_PAGE : page * PER_PAGE]])
    worst = shown if page == 1 else _in_full([pk for _u, pk in found[:1]])
    sentence = _sentence(worst[0] if worst else None, troubled)
    return Overview(sentence, bool(troubled), shown, len(found), troubled, page, pages)


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
    if worst.state in (WELL, IDLE):
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
    owes, rate = owed(pks), rates(pks, now)
    paused = pauses([row.pk for row in rows if row.is_paused])
    return [
        _standing(row, owes.get(row.pk, NOTHING), paused.get(row.pk), rate.get(row.pk, NO_RATE), now)
        for row in rows
    ]


def _standing(row: Destination, owes: Owed, pause: EngineEvent | None, rate: Rate, now: datetime) -> Standing:
    its_state = state(row, owes, pause is not None, now)
    word, sentence, lever = _SAY[its_state](row, owes, pause, now)
    is_away = row.is_ill and not row.is_paused
    return Standing(
        pk=row.pk,
        name=row.name,
        clinic=row.clinic.name,
        kind=row.get_kind_display(),
        state=its_state,
        word=word,
        sentence=sentence,
        lever=lever,
        waiting=owes.waiting,
        oldest=span(now - owes.oldest) if owes.oldest else "",
        given_up=owes.given_up,
        last_error="" if its_state in (WELL, SLOW, IDLE, BEHIND) else row.last_error,
        next_probe=_next_probe(row.next_probe_at, now) if is_away and row.next_probe_at else "",
        is_paused=row.is_paused,
        rate=rate,
    )


def _next_probe(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M:%S} UTC" if at > now else "now"


def _wait(owes: Owed) -> str:
    words = waiting(owes.waiting)
    return words[0].upper() + words[1:]


def _say_stopped(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    why = f"Nothing is sent since {row.paused_because or 'it asked for no more'}. {_wait(owes)}."
    return "Stopped by its answer", why, "Ask its owner whether it is to have messages again. Then resume."


def _say_paused(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    who = short_name(pause.user) if pause.user else "the system"
    why = f"“{row.paused_because}” Since {pause.at:%-d %b %H:%M} UTC, by {who}. {_wait(owes)}."
    return "Paused", why, "Resume when the reason is gone: what waits goes out in order."


def _word(row: Destination, owes: Owed, now: datetime) -> str:
    words = since_words(row, owes, now)
    return words[0].upper() + words[1:]


def _say_away(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    said = f"{_wait(owes)}. Since {silent_since(row, owes) or now:%-d %b %H:%M} UTC."
    lever = f"It is tried every {LONGEST_PROBE / 60:.0f} min or sooner, and goes on by itself once it answers."
    return _word(row, owes, now), said, f"{lever} Tell its owner; try now when they have mended it."


def _say_failing(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    since = failing_since(row, owes) or now
    said = f"It answers, and takes nothing. {_wait(owes)}. Since {since:%-d %b %H:%M} UTC."
    return _word(row, owes, now), said, "Read why. Each message is tried again by itself; tell its owner."


def _say_gave_up(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    is_one = owes.given_up == 1
    them = "it" if is_one else "them"
    would = f"would not take {'this one' if is_one else 'these'}"
    it = f"It {would}" if row.is_ill else f"It takes others, but {would}"
    return (
        f"Gave up on {messages(owes.given_up)}",
        f"{it}. Later messages of the same {'visit' if is_one else 'visits'} wait behind.",
        f"Read why. Send {them} again once that is mended, or skip {them}.",
    )


def _say_slow(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    words = f"{_last(row)}. It has workers of its own, so no other waits for it. {_wait(owes)}."
    return "Slow", words, ""


def _say_idle(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    was = "ill" if row.failures else "slow"
    return f"Was {was} when last tried", f"{_last(row)}. Nothing waits.", ""


def _last(row: Destination) -> str:
    last = row.last_error.removeprefix("slow: ")
    return f"{last[:1].upper()}{last[1:]}"


def _say_behind(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    if row.is_ill:
        return "Behind", f"{_last(row)}. {_wait(owes)}.", ""
    some = "could not process some" if owes.errors_since else "works through what waits"
    return "Behind", f"It answers, and {some}. {_wait(owes)}.", ""


def _say_well(row: Destination, owes: Owed, pause: Any, now: datetime) -> tuple[str, str, str]:
    return "Well", "", ""


_SAY = {
    STOPPED: _say_stopped,
    AWAY: _say_away,
    FAILING: _say_failing,
    GAVE_UP: _say_gave_up,
    PAUSED: _say_paused,
    SLOW: _say_slow,
    IDLE: _say_idle,
    BEHIND: _say_behind,
    WELL: _say_well,
}
