"""What is kept for how long: each kind of row, how many are older, and how they go."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from clinic import audit, clock
from clinic.inbound import uploads
from clinic.models import BookingUpload, Delivery, EngineEvent, HelpRequest, InboundMessage, StaffSession
from clinic.models.inbound import KEEP_UPLOADS_FOR
from clinic.retention import visits
from realtime import job_keys

BATCH = 1000
Step = Callable[[int], None]
# What a backup or restore that was killed leaves behind holds the whole database.
LEFT_BEHIND = (".backup-*", ".restore-*")
LEFT_FOR_SECONDS = 24 * 3600
# Tables of django-axes, where it is installed: who tried to log in, and from where.
AXES = ("AccessAttempt", "AccessFailureLog", "AccessLog")


@dataclass(frozen=True)
class Part:
    """One kind. `name`: as people say it, and in the audit after "purge.". `kept`: how long, in words.

    `count` says how many are older and changes nothing; `drop` takes them out, and says how many. Either gives
    None where that cannot be known now. `tells`: whether `drop` writes its own rows of the audit.
    """

    name: str
    noun: str
    kept: str
    count: Callable[[], int | None]
    drop: Callable[[Step], int | None]
    tells: bool = False


def parts(by: audit.Who) -> list[Part]:
    """In the order in which they go."""
    now = clock.now()
    long_ago = now - timedelta(days=settings.KEEP_VISITS_DAYS)
    lately = now - timedelta(days=settings.KEEP_MESSAGES_DAYS)
    long, short = f"{settings.KEEP_VISITS_DAYS} days", f"{settings.KEEP_MESSAGES_DAYS} days"
    sent = Delivery.objects.exclude(state__in=visits.OWED).filter(created_at__lt=lately).exclude(body="")
    came = InboundMessage.objects.filter(received_at__lt=lately).exclude(text="")
    rows: list[tuple[str, str, QuerySet[Any]]] = [
        ("messages that came in", "inbound", InboundMessage.objects.filter(received_at__lt=long_ago, visit=None)),
        ("what staff did to the engine", "engine", EngineEvent.objects.filter(at__lt=long_ago)),
        ("calls for help", "help", HelpRequest.objects.filter(taken_at__lt=long_ago)),
        ("the admin's own log", "adminlog", LogEntry.objects.filter(action_time__lt=long_ago)),
        *(
            (f"log-ins that were tried ({one.__name__})", "tries", one.objects.filter(attempt_time__lt=long_ago))
            for one in _axes()
        ),
    ]
    return [
        Part(
            "visits with all that tells of them", "visits", long,
            visits.old(long_ago).count, lambda step: visits.delete(long_ago, by, step), tells=True,
        ),
        Part("texts of messages sent", "bodies", short, sent.count, lambda step: _empty(sent, "body", step)),
        Part("texts of messages received", "texts", short, came.count, lambda step: _empty(came, "text", step)),
        *(Part(name, noun, long, _count_of(old), _drop_of(old)) for name, noun, old in rows),
        Part(
            "lists of bookings that nobody confirmed", "uploads", "30 minutes",
            BookingUpload.objects.filter(created_at__lt=now - KEEP_UPLOADS_FOR).count,
            lambda step: uploads.clear_expired(),
        ),
        Part("answers that were left at a kiosk", "answers", "until they end", *_ended(Session)),
        Part("log-ins", "sessions", "until they end", *_ended(StaffSession)),
        Part("keys of jobs that nobody waits for", "jobs", "a week", _job_keys, _drop_job_keys),
        Part("files of a backup or restore that was cut short", "files", "a day", _count_files, _drop_files),
    ]  # fmt: skip


def held() -> int:
    """How many visits stay because something is owed of them."""
    return visits.held(clock.now() - timedelta(days=settings.KEEP_VISITS_DAYS)).count()


def drop(part: Part, by: audit.Who, step: Step) -> int | None:
    """Takes it out, and tells the audit where that was anything."""
    count = part.drop(step)
    if count and not part.tells:
        audit.write(audit.SYSTEM, f"purge.{part.noun}", by=by, detail={"count": count})
    return count


def _axes() -> list[Any]:
    return [apps.get_model("axes", name) for name in AXES] if apps.is_installed("axes") else []


def _ended(model: type[AbstractBaseSession]) -> tuple[Callable[[], int], Callable[[Step], int]]:
    old = model._base_manager.filter(expire_date__lt=clock.now())
    return old.count, _drop_of(old)


def _count_of(old: QuerySet[Any]) -> Callable[[], int]:
    return lambda: old.count()


def _drop_of(old: QuerySet[Any]) -> Callable[[Step], int]:
    return lambda step: _delete(old, step)


def _delete(old: QuerySet[Any], step: Step) -> int:
    """A batch at a time: others write meanwhile."""
    model, total = old.model, 0
    while pks := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            if model is EngineEvent:
                # Its own model refuses it.
                visits.delete_rows(model, "id", pks)
            else:
                model._base_manager.filter(pk__in=pks).delete()
        total += len(pks)
        step(len(pks))
    return total


def _empty(old: QuerySet[Any], field: str, step: Step) -> int:
    total = 0
    while pks := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        old.filter(pk__in=pks).update(**{field: ""})
        total += len(pks)
        step(len(pks))
    return total


def _job_keys() -> int | None:
    try:
        return len(job_keys.left_over())
    except redis.RedisError:
        return None


def _drop_job_keys(step: Step) -> int | None:
    try:
        return job_keys.drop(job_keys.left_over())
    except redis.RedisError:
        return None


def _files() -> list[Path]:
    then = time.time() - LEFT_FOR_SECONDS
    found = [path for pattern in LEFT_BEHIND for path in Path(settings.HOME).glob(pattern)]
    return [path for path in found if path.stat().st_mtime < then]


def _count_files() -> int:
    return len(_files())


def _drop_files(step: Step) -> int:
    found = _files()
    for path in found:
        shutil.rmtree(path)
    return len(found)
