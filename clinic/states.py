"""The states of a visit and the one table of legal moves. Names follow FHIR Encounter and HL7 (docs/words.md)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    EXPECTED = "expected", _("Expected")
    WAITING = "waiting", _("Waiting")
    CALLED = "called", _("Called")
    STEPPED_OUT = "stepped_out", _("Stepped out")
    ROOMED = "roomed", _("In room")
    DISCHARGED = "discharged", _("Discharged")
    LEFT = "left", _("Left without being seen")
    NO_SHOW = "no_show", _("Did not come")
    CANCELLED = "cancelled", _("Cancelled")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


class Verb(models.TextChoices):
    """What people do to a visit. `undo` reverses the last of the others. The system asks; `keep` is the answer."""

    BOOK = "book", _("Book")
    REBOOK = "rebook", _("Booking changed")
    CHECK_IN = "check-in", _("Check in")
    CALL = "call", _("Call")
    RECALL = "recall", _("Call again")
    STEP_OUT = "step-out", _("Step out")
    RETURN = "return", _("Back to waiting")
    ROOM = "room", _("In room")
    DISCHARGE = "discharge", _("Discharge")
    LEFT = "left", _("Left")
    NO_SHOW = "no-show", _("Did not come")
    CANCEL = "cancel", _("Cancel")
    ENTER_IN_ERROR = "enter-in-error", _("Entered in error")
    CONFIRM = "confirm", _("Identity checked")
    MOVE = "move", _("Change lane")
    MORE_TIME = "more-time", _("Needs more time")
    UNDO = "undo", _("Undo")
    ASK = "ask", _("Asked about")
    KEEP = "keep", _("Still here")


class Lane(models.TextChoices):
    """How much head start a visit has over those who arrived before it; the minutes are the clinic's."""

    IMMEDIATE = "immediate", _("Immediate")
    PRIORITY = "priority", _("Priority")
    QUICK = "quick", _("Quick")
    STANDARD = "standard", _("Standard")


ON_SITE = frozenset({State.WAITING, State.CALLED, State.STEPPED_OUT, State.ROOMED})
OPEN = ON_SITE | {State.EXPECTED}
ENDED = frozenset(State) - OPEN

# Of a booking in one of these nothing came: the schedule may use its id again.
CALLED_OFF = frozenset({State.CANCELLED, State.NO_SHOW, State.ENTERED_IN_ERROR})

# verb -> {state before: state after}. None stands for a visit that does not exist yet.
MOVES: dict[Verb, dict[State | None, State]] = {
    Verb.BOOK: {None: State.EXPECTED},
    Verb.REBOOK: {State.EXPECTED: State.EXPECTED},
    Verb.CHECK_IN: {None: State.WAITING, State.EXPECTED: State.WAITING},
    Verb.CALL: {State.WAITING: State.CALLED},
    Verb.RECALL: {State.CALLED: State.CALLED},
    Verb.STEP_OUT: {State.WAITING: State.STEPPED_OUT, State.CALLED: State.STEPPED_OUT},
    Verb.RETURN: {State.CALLED: State.WAITING, State.STEPPED_OUT: State.WAITING},
    Verb.ROOM: {State.CALLED: State.ROOMED},
    Verb.DISCHARGE: {State.ROOMED: State.DISCHARGED},
    Verb.LEFT: dict.fromkeys([State.WAITING, State.CALLED, State.STEPPED_OUT], State.LEFT),
    Verb.NO_SHOW: dict.fromkeys([State.EXPECTED, State.CALLED], State.NO_SHOW),
    Verb.CANCEL: {State.EXPECTED: State.CANCELLED},
    Verb.ENTER_IN_ERROR: dict.fromkeys(OPEN, State.ENTERED_IN_ERROR),
    Verb.CONFIRM: {state: state for state in OPEN},
    Verb.MOVE: {State.WAITING: State.WAITING},
    Verb.MORE_TIME: {State.WAITING: State.WAITING, State.CALLED: State.WAITING},
    Verb.ASK: {state: state for state in OPEN},
    Verb.KEEP: {state: state for state in OPEN},
}
# Between the desk and the system: no other system is told of them.
HISTORY_ONLY = frozenset({Verb.ASK, Verb.KEEP})
# A schedule owns its bookings: taken back here alone, the two would disagree until it speaks of that one again.
OWNED_ELSEWHERE = frozenset({Verb.BOOK, Verb.REBOOK})
# What patients say of themselves is not for the desk to take back: it calls them all the same, if it wants.
SAID_BY_PATIENTS = frozenset({Verb.MORE_TIME})
# Who does one of these before we call them chose to wait longer: that is no lateness of ours.
PUTS_OFF = SAID_BY_PATIENTS | {Verb.STEP_OUT}
NEVER_UNDONE = (
    OWNED_ELSEWHERE | {Verb.CHECK_IN, Verb.RECALL, Verb.ENTER_IN_ERROR} | SAID_BY_PATIENTS | HISTORY_ONLY
)
REVERSIBLE = frozenset(MOVES) - NEVER_UNDONE


def after(verb: Verb, before: State | None) -> State | None:
    """The state that `verb` leads to, or None where it is not legal."""
    return MOVES[verb].get(before)


def is_untold(verb: str, before: str) -> bool:
    """Whether a move stays in the clinic: to other systems, somebody who waits on has not moved."""
    return verb in HISTORY_ONLY or (verb == Verb.MORE_TIME and before == State.WAITING)
