"""What is kept for how long: each kind of row, how many are older, and how they go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import redis
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model, QuerySet

from clinic import audit, clock
from clinic.backups import leftovers
from clinic.models import BookingUpload, Delivery, EngineEvent, HelpRequest, InboundMessage, StaffSession
from clinic.models.inbound import KEEP_UPLOADS_FOR
from clinic.retention import visits
from realtime import job_keys

BATCH = 1000
Step = Callable[[int], None]


@dataclass(frozen=True)
class Part:
    """One kind. `name`: as people say it, and in the audit after "purge.". `kept`: how long, in words.

    `count` says how many are older and changes nothing; `drop` takes them out, and says how many. Either gives
    None where that cannot be known now. `tells`: whether `drop` writes its own rows of the audit, one a batch.
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
        ("log-ins that were tried", "tries", AccessAttempt.objects.filter(attempt_time__lt=long_ago)),
    ]
    lists = BookingUpload.objects.filter(created_at__lt=now - KEEP_UPLOADS_FOR)
    return [
        Part(
            "visits with all that tells of them", "visits", long,
            visits.old(long_ago).count, lambda step: visits.delete(long_ago, by, step), tells=True,
        ),
        _rows("texts of messages sent", "bodies", short, sent, by, partial(_empty, field="body")),
        _rows("texts of messages received", "texts", short, came, by, partial(_empty, field="text")),
        *(_rows(name, noun, long, old, by) for name, noun, old in rows),
        _rows("lists of bookings that nobody confirmed", "uploads", "30 minutes", lists, by),
        _rows("answers that were left at a kiosk", "answers", "until they end", _ended(Session), by),
        _rows("log-ins", "sessions", "until they end", _ended(StaffSession), by),
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
        _tell(part.noun, count, by)
    return count


def _tell(noun: str, count: int, by: audit.Who) -> None:
    audit.write(audit.SYSTEM, f"purge.{noun}", by=by, detail={"count": count})


def _ended(model: type[AbstractBaseSession]) -> QuerySet[Any]:
    return model._base_manager.filter(expire_date__lt=clock.now())


def _rows(
    name: str, noun: str, kept: str, old: QuerySet[Any], by: audit.Who, take: Callable[..., None] | None = None
) -> Part:
    """Rows that go, or what `take` does with them: a batch at a time, each told of in its own transaction."""

    def drop(step: Step) -> int:
        total = 0
        while pks := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            with transaction.atomic():
                (take or _delete)(old.model, pks)
                _tell(noun, len(pks), by)
            total += len(pks)
            step(len(pks))
        return total

    return Part(name, noun, kept, lambda: old.count(), drop, tells=True)


def _delete(model: type[Model], pks: list[Any]) -> None:
    if model is EngineEvent:
        # Its own model refuses it.
        visits.delete_rows(model, "id", pks)
    else:
        model._base_manager.filter(pk__in=pks).delete()


def _empty(model: type[Model], pks: list[Any], field: str) -> None:
    model._base_manager.filter(pk__in=pks).update(**{field: ""})


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


def _count_files() -> int:
    return len(leftovers.old(Path(settings.HOME)))


def _drop_files(step: Step) -> int:
    return leftovers.clear(Path(settings.HOME))
