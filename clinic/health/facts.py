"""What is known now of the vendor, the job queues, the processes, the destinations and the devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import redis
from django.db.models import QuerySet

from clinic import audit, clock
from clinic.health import silent_devices
from clinic.health.silent_devices import Missed
from clinic.integrations.troubles import Standing, standings
from clinic.models import Clinic
from clinic.models.audit import AuditEvent
from realtime import (
    breaker,
    failures,
    gate,
    heartbeats,
    job_queues,
    jobs,
    obedience,
    queue_history,
    redis_link,
    switch,
    vendor_path,
)
from realtime.breaker import Event, View
from realtime.failures import Cause
from realtime.gate import Decision, Part
from realtime.models import Switch
from realtime.obedience import Obeyed
from realtime.pulse import Pulse
from realtime.queue_history import Minute

T = TypeVar("T")

CHANGES_READ = 30
# As the alert EvenkeelAuditBroken has it; the audit itself says it for ever.
DAMAGE_TOLD = timedelta(hours=6)


@dataclass(frozen=True)
class Facts:
    """All of one moment. None: not known, since the database (`switch`) or Redis (the rest) does not answer.

    `refusal`: by what word Redis answers and takes no writes, "" when it does. No process is heard then.
    `gate_parts`: in the order in which they are asked. `owed`: all destinations worth a word, the worst first.
    `missed`: devices that fell silent, the longest first. `damaged`: when it was seen, of late, that somebody had
    been at the audit. `problem`: of the vendor's last answer. `sent`: notices by path. `failed`: jobs by cause.
    """

    now: datetime
    switch: Switch | None
    breaker: View | None
    gate: Decision
    gate_parts: list[Part]
    owed: list[Standing]
    missed: list[Missed]
    damaged: datetime | None
    queues: dict[str, job_queues.Standing] | None
    refusal: str | None
    pulse: Pulse | None
    problem: str | None
    obeyed: Obeyed | None
    sent: dict[str, int] | None
    minutes: dict[str, list[Minute | None]] | None
    changes: list[Event] | None
    failed: list[tuple[Cause, int]] | None

    @property
    def redis_answers(self) -> bool:
        return self.queues is not None


class Redis:
    """Asked until no answer comes: one that is away is waited for once, not for each question."""

    def __init__(self) -> None:
        self._is_away = False

    def ask(self, question: Callable[[], T]) -> T | None:
        """The answer, or None when Redis gives none."""
        if self._is_away:
            return None
        try:
            return question()
        except redis.RedisError as error:
            self._is_away = not isinstance(error, redis.ResponseError)
            return None


def gather(clinics: QuerySet[Clinic]) -> Facts:
    """How it all stands now. `clinics`: whose devices are looked at.

    Waits half a second at most for a Redis that is away, and never for the vendor. Raises django.db.Error.
    """
    now, row, from_redis = clock.now(), switch.read(), Redis()
    guard = breaker.Breaker(redis_link.client())
    queues = from_redis.ask(job_queues.standing)
    refusal = from_redis.ask(redis_link.refusal)
    view = from_redis.ask(guard.peek)
    pulse = from_redis.ask(heartbeats.hear)
    return Facts(
        now=now,
        switch=row,
        breaker=view,
        gate=gate.decide(row, view),
        gate_parts=gate.parts(row, view),
        owed=sorted(standings(), key=lambda one: one.urgency(now)),
        missed=silent_devices.missed(clinics, now),
        damaged=_damaged(now),
        queues=queues,
        refusal=refusal,
        pulse=pulse,
        problem=from_redis.ask(vendor_path.problem),
        obeyed=obedience.among(pulse, row.version) if pulse and row and not refusal else None,
        sent=from_redis.ask(jobs.sent),
        minutes=from_redis.ask(queue_history.last_hour),
        changes=from_redis.ask(lambda: guard.events(CHANGES_READ)),
        failed=from_redis.ask(failures.groups),
    )


def _damaged(now: datetime) -> datetime | None:
    # By what the index knows: rows about nothing, of late.
    rows = AuditEvent.objects.filter(object_kind="", at__gt=now - DAMAGE_TOLD, action=audit.MENDED)
    return rows.values_list("at", flat=True).first()
