"""The side that changes things: real services in a process of their own, each change stamped as it commits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from channels.layers import get_channel_layer
from django.db import transaction

from clinic import access
from clinic.digests import digest
from clinic.models import Clinic, Destination, Device
from clinic.sealed import Secrets, seal
from clinic.seeding import make_clinic
from clinic.services import Actor, check_in
from realtime import notices, redis_link
from realtime.transports.ably import AblyTransport
from realtime.transports.base import Notice
from tests.bench.changes import CHANNEL, GROUP, Change, Schedule, Seeded
from tests.factories import answers
from tests.names import another_name


class Writer:
    """Django is set up, and this process serves no page."""

    def __init__(self) -> None:
        self._clinics: list[Clinic] = []
        self._number = 0

    def seed(self, many: int, emr_url: str, emr_secret: str) -> list[Seeded]:
        """Makes so many clinics, each with a monitor and a record system."""
        return [self._seed_one(number, emr_url, emr_secret) for number in range(many)]

    def _seed_one(self, number: int, emr_url: str, emr_secret: str) -> Seeded:
        clinic = make_clinic(f"Clinic {number}", f"bench-{number}", ["Room 1"], only_ask=True)
        token = f"monitor-of-{clinic.slug}"
        what = {"clinic": clinic, "kind": Device.Kind.MONITOR, "name": "Wall"}
        Device.objects.get_or_create(**what, defaults={"token_hash": digest(token)})
        where = {"url": emr_url, "sealed_secrets": seal(Secrets(signing=(emr_secret,)))}
        Destination.objects.get_or_create(clinic=clinic, name="Record system", defaults=where)
        self._clinics.append(clinic)
        return Seeded(clinic.topic.name, f"{access.cookie_name('monitor')}={token}")

    def check_ins(self, schedule: Schedule) -> list[Change]:
        """One new patient at a time, when the schedule says."""
        return [self._check_in(place) for place in _paced(schedule)]

    def _check_in(self, place: int) -> Change:
        committed: list[float] = []
        with transaction.atomic():
            # The first to be called after the commit, so before anybody is told.
            transaction.on_commit(lambda: committed.append(time.monotonic()))
            visit = check_in(self._clinics[place], answers(another_name()), by=Actor())
        return Change(place, visit.ticket, committed[0])

    def publish(self, schedule: Schedule) -> list[Change]:
        """The floor: the same changes as bare messages."""
        return [self._publish(place) for place in _paced(schedule)]

    def _publish(self, place: int) -> Change:
        self._number += 1
        return Change(place, str(self._number), self.publish_one(place, self._number))

    def publish_one(self, place: int, version: int) -> float:
        """Rings the floor's screens of a topic. Returns when it was begun."""
        text = f"{self._clinics[place].topic.name} {_text(version)}"
        at = time.monotonic()
        redis_link.client().publish(CHANNEL, text)
        return at

    def version(self, place: int) -> int:
        """Of a topic now."""
        self._clinics[place].topic.refresh_from_db()
        return self._clinics[place].topic.version

    def versions(self) -> dict[str, int]:
        """Of every clinic's topic now, by its name."""
        return {clinic.topic.name: self.version(place) for place, clinic in enumerate(self._clinics)}

    def announce(self, place: int) -> float:
        """Changes a topic. Returns when it was committed."""
        committed: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.monotonic()))
            notices.announce(notices.lock(self._clinics[place].topic_id))
        return committed[0]

    def group_send(self, version: int) -> float:
        """Rings the rival's consumers by the thread and connection that ours uses. Returns when it was begun."""
        layer: Any = get_channel_layer()
        at, message = time.monotonic(), {"type": "bell", "text": _text(version)}
        sent = redis_link.thread.soon(lambda: redis_link.thread.wait(layer.group_send(GROUP, message)))
        assert sent and sent.result(), "the layer did not take it"
        return at

    def burst(self, changes: int) -> float:
        """So many changes, evenly over all clinics, as fast as can be. Returns the seconds they took."""
        began = time.monotonic()
        for number in range(changes):
            self.announce(number % len(self._clinics))
        return time.monotonic() - began

    def naive(self, changes: int) -> float:
        """One request a change, on one kept client of the SDK. Returns the seconds that it took."""
        vendor, began = AblyTransport(), time.monotonic()
        for number in range(changes):
            outcome = vendor.send([Notice(self._clinics[number % len(self._clinics)].topic.name, number)])
            assert outcome.confirmed, outcome.problem
        vendor.close()
        return time.monotonic() - began


def _text(version: int) -> str:
    """As long as what the hub says."""
    return f'{{"version": {version}, "vendor": false, "now": {int(time.time() * 1000)}}}'


def _paced(schedule: Schedule) -> Iterator[int]:
    """The places, each at its time; a late one does not move the next."""
    began = time.monotonic()
    for when, place in schedule:
        time.sleep(max(0.0, began + when - time.monotonic()))
        yield place
