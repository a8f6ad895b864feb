"""What the desk's status bar says after an act: the words, and what may be done next."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

from clinic.models import Visit, VisitEvent


@dataclass(frozen=True)
class Said:
    """One message. `undo`: the visit that it may be undone on, as last `seen`; `beside`: who may be joined;
    `near`: the card that it is about.
    """

    words: str
    is_error: bool
    undo: str = ""
    seen: str = ""
    beside: str = ""
    near: str = ""


def say_undo(request: HttpRequest, words: str, event: VisitEvent) -> None:
    """What was done, with its undo."""
    messages.success(request, words, extra_tags=f"undo {event.visit.public_id} {event.sequence}")


def say_beside(request: HttpRequest, words: str, visit: Visit) -> None:
    """Who was checked in, with the way to one more of the family."""
    messages.success(request, words, extra_tags=f"beside {visit.public_id}")


def say_no(request: HttpRequest, words: str, near: object = "") -> None:
    """What was refused, at the bar and on the card that it is about."""
    messages.error(request, words, extra_tags=f"near {near}" if near else "")


def said(request: HttpRequest) -> list[Said]:
    """All that is to be said now, once: a press may have been repeated since its answer was lost."""
    return list(dict.fromkeys(_said(message) for message in messages.get_messages(request)))


def _said(message: Message) -> Said:
    kind, _space, rest = (message.extra_tags or "").partition(" ")
    visit, _space, seen = rest.partition(" ")
    parts = {kind: visit, "seen": seen} if kind else {}
    return Said(str(message), message.level_tag == "error", **parts)
