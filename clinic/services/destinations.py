"""The only writers of what people decide about destinations: how they are set up, their secrets, pause and resume.

What the engine finds out about their health it writes itself (`clinic.integrations.results`).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from clinic import audit, clock
from clinic.integrations import jobs
from clinic.models import Delivery, Destination
from clinic.models.deliveries import GIVE_UP_AFTER, EngineEvent, Failure
from clinic.services.actors import EVENKEEL, Actor, AlreadyDone, Refused
from realtime import notices

PREFIX = "whsec_"
BYTES = 32
FEWEST_BYTES = 24
# What a person sets. The engine may write all the rest at any moment, also while a form is open.
SET_UP = (
    "name", "url", "seconds", "mapping", "sealed_secrets", "ca_certificate", "client_certificate", "hl7_version",
    "charset", "sending_application", "sending_facility", "receiving_application", "receiving_facility",
)  # fmt: skip


def new_secret() -> str:
    """A fresh signing secret, as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether signatures can be made with it: whsec_ and FEWEST_BYTES or more in base64."""
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        return False
    return text.startswith(PREFIX) and len(raw) >= FEWEST_BYTES


def save(destination: Destination, *, by: Actor = EVENKEEL, fields: Collection[str] = ()) -> None:
    """Stores how it is set up, and nothing else of an old one, which is tried at once: that may have cured it.

    `fields`: names of what a form changed, for the audit.
    """
    with transaction.atomic():
        if destination.pk is None:
            destination.save()
            _tell(destination, "add", by, kind=destination.kind)
            return
        _lock(destination)
        destination.save(update_fields=SET_UP)
        _tell(destination, "change", by, fields=", ".join(fields)[:300])
        _try_now(destination)


def pause(destination: Destination, *, by: Actor, reason: str) -> None:
    """Deliveries wait and are kept, until `resume`. Raises Refused without a reason, AlreadyDone when it is."""
    reason = _words(reason)
    if not reason:
        raise Refused("Say why it is paused: others will want to know.")
    with transaction.atomic():
        locked = _lock(destination)
        if locked.is_paused:
            raise AlreadyDone(f"{locked} is paused already: {locked.paused_because or 'no reason was given'}.")
        _set_paused(destination, reason, is_paused=True)
        _note(destination, EngineEvent.Verb.PAUSE, by, reason)


def resume(destination: Destination, *, by: Actor, reason: str = "") -> None:
    """Deliveries go on at once, and all that wait have their whole time again. Raises AlreadyDone."""
    with transaction.atomic():
        if not _lock(destination).is_paused:
            raise AlreadyDone(f"{destination} is not paused.")
        _set_paused(destination, "", is_paused=False)
        _give_time(destination, clock.now())
        _note(destination, EngineEvent.Verb.RESUME, by, _words(reason))
        _try_now(destination)


def remove(destination: Destination, *, by: Actor = EVENKEEL) -> None:
    """Raises django.db.models.ProtectedError when anything was ever owed or done to it: then it is kept."""
    with transaction.atomic():
        # A check-in that is under way may owe it something.
        notices.lock(destination.clinic.topic_id)
        _tell(destination, "remove", by)
        destination.delete()


def _lock(destination: Destination) -> Destination:
    """As it is stored now; nobody else claims, settles or changes it before the transaction ends."""
    return Destination.objects.select_for_update(no_key=True).get(pk=destination.pk)


def _words(reason: str) -> str:
    return " ".join(reason.split())[:200]


def _set_paused(destination: Destination, reason: str, *, is_paused: bool) -> None:
    destination.is_paused, destination.paused_because = is_paused, reason
    destination.save(update_fields=["is_paused", "paused_because"])


def _give_time(destination: Destination, now: datetime) -> None:
    waiting = destination.deliveries.filter(state=Delivery.State.PENDING)
    waiting.filter(give_up_at__lt=now + GIVE_UP_AFTER).update(give_up_at=now + GIVE_UP_AFTER)
    waiting.filter(next_try_at__gt=now).update(next_try_at=now)
    # That it wanted no more is no longer so, as far as we know.
    waiting.filter(last_failure=Failure.GONE).update(last_failure="")


def _note(destination: Destination, verb: EngineEvent.Verb, by: Actor, reason: str) -> None:
    EngineEvent.objects.create(
        destination=destination, verb=verb, user=by.user, reason=reason, at=clock.now(),
        count=destination.deliveries.filter(state=Delivery.State.PENDING).count(),
    )  # fmt: skip
    _tell(destination, verb, by)


def _tell(destination: Destination, verb: str, by: Actor, **said: audit.Plain) -> None:
    of = ("destination", destination.pk)
    audit.write(destination.clinic_id, f"destination.{verb}", by=by.who, of=of, detail=said)


def _try_now(destination: Destination) -> None:
    """Whatever it waited for: a person has just said that things are different."""
    destination.next_probe_at = None
    destination.save(update_fields=["next_probe_at"])
    # A lambda: Django's report of a robust callback that failed fails itself on a partial.
    transaction.on_commit(lambda: jobs.ask_soon(destination), robust=True)
