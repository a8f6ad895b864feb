"""The ops page for machines: `/ops/status.json`. No patient data; None (null) for what is not known.

at              when, ISO 8601
sentence        as on the page; "All good" when nothing is wrong
alarm           whether a person is needed now
truths          the worst first: {sentence, patients, runbook, alarm, lever, address}: what helps, in words, and
                where that is on these pages, "" for nowhere
vendor          {switch: {position, actor, reason, at, expires_at, version},
                gate: {open, by, reason, parts: [{name, opens, why}]},
                breaker: {state, why, since, until, forced} (epoch seconds, 0 for none),
                obeyed: {obeyed, of, others}, notices: {path: count}}
job_queues      {name: {depth, oldest_seconds, in_flight, failed_last_hour, in_per_minute, out_per_minute,
                minutes: sixty of {waited, depth, left, finished, failed} or null, the oldest first}}
processes       [{kind, pid, host, serves, age, up, doing, doing_seconds, gone}], in seconds
unserved_for    {job queue, or scheduler: seconds since a living process last served it}
destinations    [{id, name, clinic, state, waiting, given_up, oldest}]: those that are owed anything
devices         [{id, kind, name, clinic, state, seen, build, path, sound, data_age, concerns}], in words
failed_jobs     [{queue, job, error, count}]
dead_letters    [{destination, cause, name, clinic, count, why, oldest}]
changes         [{at, what, who, why}], the newest first
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from clinic.health import Facts, Health
from clinic.presenters.ops import OpsBoard
from clinic.presenters.ops_queues import rates

TRUTH = ("sentence", "patients", "runbook", "alarm", "lever", "address")
DEVICE = ("kind", "name", "clinic", "state", "seen", "build", "path", "sound", "data_age", "concerns")
LETTERS = ("destination", "cause", "name", "clinic", "count", "why", "oldest")


def status(health: Health, board: OpsBoard) -> dict[str, Any]:
    """All keys above; what Django's JSON encoder takes."""
    facts = health.facts
    return {
        "at": facts.now,
        "sentence": health.sentence,
        "alarm": health.alarm,
        "truths": [_plain(one, *TRUTH) for one in ([board.first, *board.also] if board.first else [])],
        "vendor": _vendor(facts),
        "job_queues": _job_queues(facts),
        "processes": [asdict(one) for one in facts.pulse.beats] if facts.pulse else None,
        "unserved_for": facts.pulse.served if facts.pulse else None,
        "destinations": [
            {
                "id": one.destination.pk,
                "name": one.destination.name,
                "clinic": one.destination.clinic.name,
                "state": one.state(facts.now),
                "waiting": one.owed.waiting,
                "given_up": one.owed.given_up,
                "oldest": one.owed.oldest,
            }
            for one in health.owed
        ],
        "devices": [{"id": one.pk, **_plain(one, *DEVICE)} for one in board.devices],
        "failed_jobs": [{**cause._asdict(), "count": count} for cause, count in facts.failed or []],
        "dead_letters": [_plain(one, *LETTERS) for one in board.dead],
        "changes": [asdict(one) for one in board.changes],
    }


def _vendor(facts: Facts) -> dict[str, Any]:
    row = facts.switch
    gate = {**asdict(facts.gate), "parts": [asdict(part) for part in facts.gate_parts]}
    return {
        "switch": {
            "position": "off" if row.is_off(facts.now) else "auto",
            **_plain(row, "actor", "reason", "at", "expires_at", "version"),
        }
        if row
        else None,
        "gate": gate,
        "breaker": asdict(facts.breaker) if facts.breaker else None,
        "obeyed": asdict(facts.obeyed) if facts.obeyed else None,
        "notices": facts.sent,
    }


def _job_queues(facts: Facts) -> dict[str, Any] | None:
    if facts.queues is None:
        return None
    found = {}
    for name, one in facts.queues.items():
        hour = (facts.minutes or {}).get(name, [])
        going_in, out = rates(hour)
        minutes = [minute._asdict() if minute else None for minute in hour]
        found[name] = {**one._asdict(), "in_per_minute": going_in, "out_per_minute": out, "minutes": minutes}
    return found


def _plain(one: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}
