"""The kinds of destination, each with a module that knows its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from clinic.integrations import fhir, webhook
from clinic.integrations.parcel import Parcel
from clinic.models import Destination, VisitEvent
from clinic.models.destinations import Trigger


class Sender(Protocol):
    """What a module of one kind offers.

    `MAPPING`: what is sent for each trigger where the destination's own mapping is silent; "" for nothing.
    `CHOICES`: what may stand in a mapping, with how it is shown.
    """

    @property
    def MAPPING(self) -> Mapping[Trigger, str]: ...
    @property
    def CHOICES(self) -> Mapping[Trigger, list[tuple[str, str]]]: ...

    def compose(self, destination: Destination, event: VisitEvent, what: str, key: str) -> str:
        """The text that is owed, as of this event. `what`: as the mapping says, never ""."""

    def send(self, parcel: Parcel) -> None:
        """Sends it once, within `parcel.seconds` if the peer behaves. Raises NotDelivered."""

    def check(self, destination: Destination) -> list[str]:
        """Tries the connection without a patient's data; what was found well, in words. Raises NotDelivered."""


SENDERS: dict[str, Sender] = {Destination.Kind.FHIR: fhir, Destination.Kind.WEBHOOK: webhook}


def what_for(destination: Destination, trigger: Trigger) -> str:
    """What this destination is sent for it; "" for nothing."""
    default = SENDERS[destination.kind].MAPPING[trigger]
    return str(destination.mapping.get(trigger, default))


def compose(destination: Destination, event: VisitEvent, trigger: Trigger, key: str) -> str | None:
    """The text that is owed; None when the destination does not want to hear of it."""
    what = what_for(destination, trigger)
    return SENDERS[destination.kind].compose(destination, event, what, key) if what else None
