"""What an event of a visit is to other systems, whatever it is to the desk."""

from __future__ import annotations

from clinic.models import VisitEvent
from clinic.models.destinations import Trigger
from clinic.states import ENDED, State, Verb, is_untold

_BY_VERB = {
    Verb.BOOK: Trigger.BOOKED,
    Verb.REBOOK: Trigger.REBOOKED,
    Verb.CHECK_IN: Trigger.CHECKED_IN,
    Verb.CALL: Trigger.CALLED,
    Verb.RECALL: Trigger.CALLED,
    Verb.RETURN: Trigger.CALLED,
    Verb.MORE_TIME: Trigger.CALLED,
    Verb.STEP_OUT: Trigger.STEPPED_OUT,
    Verb.ROOM: Trigger.ROOMED,
    Verb.CONFIRM: Trigger.UPDATED,
    Verb.MOVE: Trigger.UPDATED,
    Verb.DISCHARGE: Trigger.DISCHARGED,
    Verb.LEFT: Trigger.LEFT,
    Verb.CANCEL: Trigger.CANCELLED,
}


def trigger_of(event: VisitEvent) -> Trigger | None:
    """The trigger; None for what stays between the desk and the system.

    One who was here and did not come when called has left without being seen. What was entered in error before
    anybody came was a booking.
    """
    if is_untold(event.verb, event.from_state):
        return None
    has_arrived = event.visit.arrived_at is not None
    if event.verb == Verb.UNDO:
        return Trigger.REOPENED if event.from_state in ENDED else Trigger.UPDATED
    if event.verb == Verb.NO_SHOW:
        return Trigger.LEFT if has_arrived else Trigger.NO_SHOW
    if event.to_state == State.ENTERED_IN_ERROR:
        return Trigger.ENTERED_IN_ERROR if has_arrived else Trigger.CANCELLED
    return _BY_VERB[Verb(event.verb)]
