"""What is true now, in sentences, the worst first; each with what it means for patients, and its runbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import QuerySet

from clinic.health import destinations, hanging, late, unserved
from clinic.health.facts import Facts, gather
from clinic.health.truth import UNHARMED, Book, Lever, Place, Truth
from clinic.integrations.troubles import Standing
from clinic.models import Clinic, Device
from clinic.moments import moment
from realtime import gate
from realtime.breaker import Event, View
from realtime.gate import Decision
from realtime.models import Desired, Switch
from realtime.obedience import sentence as obeyed_words

ALL_GOOD = "All good"
OWN_PATH = "screens run on our own path"
WITHOUT_REDIS = "screens follow within 2 seconds, deliveries wait and none is lost"
FOLLOW = "Patients notice nothing: check-in works, and screens follow within 2 seconds."


@dataclass(frozen=True)
class Health:
    """`truths`: what is not as it should be, the worst first; none when all is good."""

    facts: Facts
    truths: tuple[Truth, ...] = field(default=())

    @property
    def sentence(self) -> str:
        return self.truths[0].sentence if self.truths else ALL_GOOD

    @property
    def alarm(self) -> bool:
        """It needs a person now."""
        return any(truth.alarm for truth in self.truths)

    @property
    def is_good(self) -> bool:
        return not self.truths

    @property
    def switch(self) -> Switch | None:
        return self.facts.switch

    @property
    def gate(self) -> Decision:
        return self.facts.gate

    @property
    def breaker(self) -> View | None:
        return self.facts.breaker

    @property
    def changes(self) -> list[Event]:
        return self.facts.changes or []

    @property
    def sent(self) -> dict[str, int] | None:
        return self.facts.sent

    @property
    def owed(self) -> list[Standing]:
        """The destinations that are owed anything."""
        return [one for one in self.facts.owed if one.owed.waiting or one.owed.given_up]

    @property
    def obeyed(self) -> str:
        """By which processes the switch is, in words."""
        return obeyed_words(self.facts.obeyed)


def look(clinics: QuerySet[Clinic] | None = None) -> Health:
    """How it all stands now. `clinics`: whose devices count; all unless given. Raises django.db.Error."""
    facts = gather(Clinic.objects.all() if clinics is None else clinics)
    found = [truth for tell in IN_ORDER if (truth := tell(facts)) is not None]
    # What needs a person now is never behind what was meant.
    return Health(facts, tuple(sorted(found, key=lambda truth: not truth.alarm)))


def _redis_away(facts: Facts) -> Truth | None:
    if facts.redis_answers:
        return None
    lever = Lever("Restart Redis, on its machine: nothing that matters is in it alone.")
    return Truth(f"Redis does not answer: {WITHOUT_REDIS}", FOLLOW, Book.REDIS, lever, alarm=True)


def _redis_refuses(facts: Facts) -> Truth | None:
    """Full, or not the one to write to: no process can say that it lives, and no worker can take a job."""
    if not (facts.redis_answers and facts.refusal):
        return None
    said = f"Redis takes no writes ({facts.refusal}): {WITHOUT_REDIS}"
    lever = Lever("Give it room, or lead us to the one that takes writes. Restarting workers does not help.")
    return Truth(said, FOLLOW, Book.REDIS, lever, alarm=True)


def _vendor_off(facts: Facts) -> Truth | None:
    """Not to use it at all is a choice, and no trouble: the gate's own parts tell of it."""
    if facts.gate.by == gate.CONFIGURATION:
        return None
    if facts.gate.open or (not facts.redis_answers and facts.gate.by == "breaker"):
        return None
    return Truth(_why_off(facts), UNHARMED, Book.VENDOR, _lever_of_vendor(facts))


def _why_off(facts: Facts) -> str:
    row, view, decision = facts.switch, facts.breaker, facts.gate
    if decision.by == "switch" and row is not None and row.desired == Desired.OFF:
        return f"Vendor off since {moment(row.at, facts.now)} by {row.actor}: {OWN_PATH}"
    if decision.by == "breaker" and view is not None and view.since and view.forced == "auto":
        since = moment(datetime.fromtimestamp(view.since, UTC), facts.now)
        return f"Vendor ill since {since} ({decision.reason}): {OWN_PATH}"
    return f"Vendor not in use ({decision.reason}): {OWN_PATH}"


def _lever_of_vendor(facts: Facts) -> Lever:
    if facts.switch is not None and facts.switch.is_off(facts.now):
        return Lever("Turn it on again below, once it is well.", Place.SWITCH)
    if facts.breaker is not None and facts.breaker.forced != "auto":
        return Lever("That is a person's word. To take it back: evenkeel breaker auto")
    return Lever(
        "Nothing is urgent: it is tried again by itself. To leave it alone, turn it off below.", Place.SWITCH
    )


def _vendor_not_well(facts: Facts) -> Truth | None:
    """Its last answer was none, or wrong; the breaker has not made up its mind."""
    if not facts.problem or not facts.gate.open:
        return None
    said = f"Vendor not well ({facts.problem}): {OWN_PATH}"
    return Truth(said, UNHARMED, Book.VENDOR, _lever_of_vendor(facts))


def _device_missed(facts: Facts) -> Truth | None:
    if not facts.missed:
        return None
    worst, more = facts.missed[0], len(facts.missed) - 1
    others = f"; {more} more {'device needs' if more == 1 else 'devices need'} somebody" if more else ""
    is_kiosk = worst.kind == Device.Kind.KIOSK
    effect = "Patients check in at another kiosk, or at the desk." if is_kiosk else _AT_THE_SCREEN
    look = (
        f"Ask the desk at {worst.clinic} to look at it: its power, its network; then turn its computer off and on."
    )
    lever, book = Lever(look, Place.DEVICE, worst.pk), Book.KIOSK if is_kiosk else Book.SCREEN
    return Truth(f"{worst}{others}", effect, book, lever, alarm=True)


def _audit_damaged(facts: Facts) -> Truth | None:
    if facts.damaged is None:
        return None
    said = f"The audit is damaged, as was seen at {moment(facts.damaged, facts.now)}: somebody was at the database"
    patients = "Patients notice nothing: check-in works, and is written down."
    lever = Lever("Keep a backup and the logs of now, then see where: evenkeel audit verify")
    return Truth(said, patients, Book.AUDIT, lever, alarm=True)


_AT_THE_SCREEN = "Patients in that room may not see that they are called: call them by voice."

# An outage goes before one device; among those that need nobody, what is meant goes first.
IN_ORDER: tuple[Callable[[Facts], Truth | None], ...] = (
    _redis_away,
    _redis_refuses,
    unserved.truth,
    late.of_integrations,
    destinations.in_trouble,
    _vendor_off,
    _vendor_not_well,
    _device_missed,
    late.of_others,
    _audit_damaged,
    hanging.truth,
    destinations.worth_a_word,
)
