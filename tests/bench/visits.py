"""The side that lets patients come to many clinics, each with a destination of each kind, and looks at delays."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import cycle
from math import ceil
from typing import Any

from django.utils import timezone

from clinic.models import Clinic, Delivery, Destination, Visit
from clinic.seeding import make_clinic
from clinic.services import Actor, check_in, move
from clinic.states import Verb
from tests.bench import stays
from tests.bench.owed import SILENT, make_destinations
from tests.factories import answers
from tests.names import another_name
from tests.waiting import until

STEPS = (Verb.CALL, Verb.CONFIRM, Verb.ROOM, Verb.DISCHARGE)
# So many visits are under way at a time.
PRESENT = 40
YESTERDAY = timedelta(hours=30)
BODY = "x" * 600


class Visits:
    """Every event is a real service's; what only fills the tables is not."""

    def seed(self, many: int, addresses: Mapping[str, str], secret: str) -> int:
        """Makes so many clinics. Returns how many destinations they have."""
        self._clinics = [make_clinic(f"Clinic {n}", f"volume-{n}", ["Room 1"], only_ask=True) for n in range(many)]
        for clinic in self._clinics:
            make_destinations(clinic, addresses, secret)
        self._next, self._present = cycle(self._clinics), deque[tuple[Visit, Iterator[Verb]]]()
        return Destination.objects.update(is_paused=False, paused_because="")

    def remember(self, visits: int) -> int:
        """So many visits a clinic were delivered the day before. Returns how many deliveries that makes."""
        at = timezone.now() - YESTERDAY
        done = {"state": Delivery.State.DELIVERED, "delivered_at": at, "first_tried_at": at, "attempts": 1}
        return sum(self._remember(clinic, visits, {**done, "body": BODY}) for clinic in self._clinics)

    def _remember(self, clinic: Clinic, visits: int, fields: dict[str, Any]) -> int:
        events = stays.stays(clinic, visits, YESTERDAY)
        return sum(stays.owe(each, events, **fields) for each in clinic.destinations.all())

    def come_back(self, kind: str, many: int) -> int:
        """One destination of this kind was silent for 8 h, is owed about `many`, and may be probed now. Its id."""
        destination = Destination.objects.filter(kind=kind, is_ill=False).exclude(pk__in=self._back()).latest("pk")
        events = stays.stays(destination.clinic, ceil(many / (4 if kind == "hl7" else 5)), SILENT)
        ill = {
            "is_ill": True,
            "ill_since": timezone.now() - SILENT,
            "failures": 9,
            "last_error": "cannot be reached",
        }
        Destination.objects.filter(pk=destination.pk).update(**ill, next_probe_at=timezone.now())
        stays.owe(destination, events, last_failure=Delivery.Failure.UNREACHABLE)
        return destination.pk

    def _back(self) -> list[int]:
        return list(Destination.objects.exclude(last_error="").values_list("pk", flat=True))

    def run(self, a_second: float, seconds: float) -> tuple[float, float, float]:
        """So many events a second. Returns when it began and ended, and by how many seconds one was too late."""
        began, late, number = time.time(), 0.0, 0
        while (due := began + number / a_second) < began + seconds:
            time.sleep(max(0.0, due - time.time()))
            late, number = max(late, time.time() - due), number + 1
            self._step()
        return began, time.time(), late

    def _step(self) -> None:
        if len(self._present) < PRESENT:
            visit = check_in(next(self._next), answers(another_name()), by=Actor())
            self._present.append((visit, iter(STEPS)))
            return
        visit, steps = self._present.popleft()
        verb = next(steps)
        room = visit.clinic.rooms.first() if verb is Verb.CALL else None
        move(visit.clinic, visit.public_id, verb, by=Actor(), room=room)
        if verb is not STEPS[-1]:
            self._present.append((visit, steps))

    def delays(self, began: float, ended: float) -> list[float]:
        """Seconds from each event of that time to its delivery's first try, when all were tried."""
        rows = Delivery.objects.filter(created_at__range=(_moment(began), _moment(ended)))
        until(lambda: not rows.filter(first_tried_at=None).exists(), 60, "not all was tried")
        moments = rows.values_list("created_at", "first_tried_at")
        return [(tried - created).total_seconds() for created, tried in moments if tried]

    def drained(self, destination: int, since: float) -> tuple[int, int, float]:
        """Of what it was owed before that moment: taken, left, and the seconds from the first to the last."""
        backlog = Delivery.objects.filter(destination=destination, created_at__lt=_moment(since))
        taken = backlog.filter(delivered_at__gte=_moment(since))
        first, last = taken.order_by("delivered_at").first(), taken.order_by("delivered_at").last()
        took = (last.delivered_at - first.delivered_at).total_seconds() if first and last else 0.0
        return taken.count(), backlog.filter(state=Delivery.State.PENDING).count(), took


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=timezone.get_default_timezone())
