"""Everything that will happen in some clinics, from one seed: the same at any speed, on any machine."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from operator import attrgetter
from random import Random

from clinic.simulation.agenda import HOUR, MINUTE, Act, Agenda
from clinic.simulation.patients import Patients
from clinic.simulation.rates import WEEKDAYS, of_a_clinic
from clinic.simulation.staff import Staff


def acts(rooms: Sequence[int], *, seed: int, start: float) -> Iterator[Act]:
    """The acts of as many clinics as `rooms` has numbers of rooms, in order of time, without end.

    `start` is in seconds since a Monday's midnight. Each clinic's acts are its own, however many there are.
    """
    return heapq.merge(*(_of_one(n, many, seed, start) for n, many in enumerate(rooms)), key=attrgetter("at"))


def _of_one(clinic: int, rooms: int, seed: int, start: float) -> Iterator[Act]:
    rng, agenda = Random(f"{seed}/{clinic}"), Agenda()
    staff = Staff(rng, agenda, clinic, rooms)
    agenda.plan(start, Patients(rng, agenda, clinic, staff, of_a_clinic()).hour)
    return agenda.acts()


def parse_moment(text: str) -> float:
    """Seconds since a Monday's midnight of a moment such as "Mon 08:00". Raises ValueError."""
    weekday, _space, clock = text.strip().partition(" ")
    hour, _colon, minute = clock.partition(":")
    if not (int(hour) < 24 and int(minute) < 60 and hour.isdecimal() and minute.isdecimal()):
        raise ValueError(text)
    return (WEEKDAYS.index(weekday.title()) * 24 + int(hour)) * HOUR + int(minute) * MINUTE


def moment(at: float) -> str:
    """The same the other way round."""
    minutes = int(at // MINUTE)
    return f"{WEEKDAYS[minutes // 1440 % 7]} {minutes // 60 % 24:02}:{minutes % 60:02}"
