"""What is true, as the ops page says it: each sentence with the lever that helps, and where that is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from clinic.health import Health, Truth
from clinic.health.truth import Lever, Place

ASK = "Ask its manager: it is another clinic's."
# Parts of the ops page: what a link there says, and the part's id.
PARTS = {
    Place.JOBS: ("See the job queues", "jobs"),
    Place.PROCESSES: ("See the processes", "processes"),
    Place.DEVICE: ("See the devices", "devices"),
    # Its button is under the sentences in any case.
    Place.SWITCH: ("", "lever"),
}


@dataclass(frozen=True)
class TruthRow:
    """As Truth has them. `lever`: in words. `address`: where it is pulled, "" when that is on none of our pages.

    `label`: of the link there, "" for none. `is_main`: it leads to an act that somebody should do now.
    """

    sentence: str
    patients: str
    runbook: str
    alarm: bool
    lever: str
    address: str
    label: str
    is_main: bool
    is_switch: bool


def truth_rows(health: Health, theirs: Collection[int]) -> tuple[TruthRow, ...]:
    """The worst first. `theirs`: pks of the clinics whose destinations the person may open."""
    clinic_of = {one.destination.pk: one.destination.clinic_id for one in health.facts.owed}
    return tuple(_row(one, clinic_of.get(one.lever.pk) in theirs) for one in health.truths)


def _row(truth: Truth, is_theirs: bool) -> TruthRow:
    lever = truth.lever
    is_destination = lever.place == Place.DESTINATION
    address, label = _link(lever, is_theirs)
    return TruthRow(
        sentence=truth.sentence,
        patients=truth.patients,
        runbook=truth.runbook,
        alarm=truth.alarm,
        lever=lever.words if is_theirs or not is_destination else ASK,
        address=address,
        label=label,
        is_main=is_destination and truth.alarm,
        is_switch=lever.place == Place.SWITCH,
    )


def _link(lever: Lever, is_theirs: bool) -> tuple[str, str]:
    """Address and label."""
    if lever.place == Place.DESTINATION:
        where = f"{reverse('ops:destination', args=[lever.pk])}{lever.query}"
        return (where, lever.label) if is_theirs else ("", "")
    if lever.place not in PARTS:
        return "", ""
    label, part = PARTS[lever.place]
    return f"{reverse('ops:ops')}#{part}", label
