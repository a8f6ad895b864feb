"""The side that owes: a clinic with a destination of each kind, and a backlog for each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from math import ceil

from django.utils import timezone

from clinic.integrations import jobs
from clinic.models import Clinic, Delivery, Destination, RemoteRecord
from clinic.sealed import Secrets
from clinic.seeding import make_clinic
from clinic.services import Actor, check_in
from tests.bench import stays
from tests.factories import answers
from tests.names import another_name
from tests.waiting import until

SILENT = timedelta(hours=8)
LONGEST = 120.0


class Owed:
    """Three destinations, by their kind; paused until one is to drain."""

    def seed(self, many: int, addresses: Mapping[str, str], secret: str) -> None:
        """Owes each of them at least `many` messages of whole stays. `addresses`: kind to address."""
        self._clinic = make_clinic("Backlog", "bench-backlog", ["Room 1"], only_ask=True)
        self._alone = make_clinic("Alone", "bench-alone", ["Room 1"], only_ask=True)
        # HL7 hears of four of a stay's five events.
        events = stays.stays(self._clinic, ceil(many / 4), SILENT)
        self._destinations = make_destinations(self._clinic, addresses, secret)
        for destination in self._destinations.values():
            stays.owe(destination, events)

    def renew(self, kind: str, many: int) -> None:
        """The first `many` are owed as if they had never been tried, and no other; the destination is paused."""
        self._destinations[kind].deliveries.update(state=Delivery.State.DELIVERED, delivered_at=timezone.now())
        RemoteRecord.objects.filter(destination=self._destinations[kind]).delete()
        owed = self._first(kind, many)
        new = {"attempts": 0, "first_tried_at": None, "delivered_at": None, "leased_until": None}
        Delivery.objects.filter(pk__in=owed).update(state=Delivery.State.PENDING, **new)

    def _first(self, kind: str, many: int) -> list[int]:
        rows = self._destinations[kind].deliveries.order_by("pk")
        return list(rows.values_list("pk", flat=True)[:many])

    def messages(self, kind: str, many: int) -> list[tuple[str, str]]:
        """Key and body of those."""
        rows = Delivery.objects.filter(pk__in=self._first(kind, many)).order_by("pk")
        return list(rows.values_list("key", "body"))

    def begin(self, kind: str) -> float:
        """Lets it drain. Returns when, in epoch seconds."""
        destination = self._destinations[kind]
        Destination.objects.filter(pk=destination.pk).update(is_paused=False)
        began = time.time()
        jobs.ask(destination)
        return began

    def end(self, kind: str) -> float:
        """When the last one was taken, in epoch seconds; it is paused again."""
        rows, is_done = self._destinations[kind].deliveries, Delivery.State.DELIVERED
        until(lambda: not rows.exclude(state=is_done).exists(), LONGEST, f"the {kind} backlog did not drain")
        self.pause(kind)
        last = rows.exclude(first_tried_at=None).latest("delivered_at").delivered_at
        assert last
        return last.timestamp()

    def pause(self, kind: str) -> int:
        """How many are still owed."""
        Destination.objects.filter(pk=self._destinations[kind].pk).update(is_paused=True)
        return self._destinations[kind].deliveries.filter(state=Delivery.State.PENDING).count()

    def check_ins(self, many: int) -> tuple[list[float], list[float]]:
        """Seconds of each check-in, with the three destinations and with none; turn by turn."""
        pairs = [(_check_in(self._clinic), _check_in(self._alone)) for _n in range(many)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def make_destinations(clinic: Clinic, addresses: Mapping[str, str], secret: str) -> dict[str, Destination]:
    """One of each kind, paused, by kind."""
    secrets = Secrets(signing=(secret,), token=secret)
    return {
        kind: Destination.objects.create(
            clinic=clinic, name=kind, kind=kind, url=url, secrets=secrets, is_paused=True, paused_because="bench"
        )
        for kind, url in addresses.items()
    }


def _check_in(clinic: Clinic) -> float:
    began = time.perf_counter()
    check_in(clinic, answers(another_name()), by=Actor())
    return time.perf_counter() - began
