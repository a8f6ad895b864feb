"""The audit for those who may read it: one chain at a time, the newest first, a page at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db.models import Q, QuerySet

from clinic.models import AuditEvent, Device
from clinic.models.audit import ActorKind
from clinic.presenters import audit_words
from realtime.plain import one_line

PER_PAGE = 50
MOST_EXPORTED = 20_000
# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@")
COLUMNS = (
    *("number", "time", "who_kind", "who_number", "who", "action", "of", "of_number", "detail", "address"),
    *("request", "hash"),
)


@dataclass(frozen=True)
class Filters:
    """What is asked for. `since` and `until`: days in `zone`, both included. Empty ones do not count.

    `who`: a person's or device's name. `what`: a noun, such as "visit". `of`: the id of what it was done to.
    """

    zone: tzinfo = UTC
    since: date | None = None
    until: date | None = None
    who: str = ""
    what: str = ""
    of: str = ""
    device: int | None = None


@dataclass(frozen=True)
class Line:
    """One row, in words."""

    number: int
    at: datetime
    who: str
    kind: str
    action: str
    of: str
    detail: str
    address: str
    request_id: str


@dataclass(frozen=True)
class Page:
    """`before`: the number before which the next page begins, None at the end."""

    lines: list[Line]
    before: int | None


def rows(found: QuerySet[AuditEvent], wanted: Filters) -> QuerySet[AuditEvent]:
    """Those of one chain that are asked for, the newest first."""
    found = found.order_by("-sequence")
    if wanted.since:
        found = found.filter(at__gte=datetime.combine(wanted.since, time(), wanted.zone))
    if wanted.until:
        found = found.filter(at__lt=datetime.combine(wanted.until + timedelta(days=1), time(), wanted.zone))
    if wanted.who:
        found = found.filter(actor__iexact=wanted.who)
    if wanted.what:
        found = found.filter(action__startswith=f"{wanted.what}.")
    if wanted.of:
        found = found.filter(object_id=wanted.of)
    if wanted.device is not None:
        by = Q(actor_kind=ActorKind.DEVICE, actor_id=wanted.device)
        found = found.filter(by | Q(object_kind="device", object_id=str(wanted.device)))
    return found


def page(readable: QuerySet[AuditEvent], wanted: Filters, before: int | None = None) -> Page:
    found = rows(readable, wanted)
    if before is not None:
        found = found.filter(sequence__lt=before)
    shown = list(found[: PER_PAGE + 1])
    following = shown[PER_PAGE - 1].sequence if len(shown) > PER_PAGE else None
    return Page([_line(row) for row in shown[:PER_PAGE]], following)


def devices(chain: int) -> list[tuple[int, str]]:
    """Of the clinic whose chain this is, by number and name."""
    return [(device.pk, str(device)) for device in Device.objects.filter(clinic=chain)]


def as_csv(found: QuerySet[AuditEvent]) -> Iterator[str]:
    """The file, line by line: one row a line, times in UTC."""
    yield "\ufeff" + _csv_line(COLUMNS)
    for row in found[:MOST_EXPORTED].iterator(chunk_size=1000):
        who = (row.actor_kind, "" if row.actor_id is None else row.actor_id, row.actor)
        of = (row.object_kind, row.object_id, audit_words.plain(row.detail))
        at = row.at.astimezone(UTC).isoformat(timespec="seconds")
        yield _csv_line((row.sequence, at, *who, row.action, *of, row.address, row.request_id, row.hash))


def _line(row: AuditEvent) -> Line:
    return Line(
        number=row.sequence,
        at=row.at,
        who=one_line(row.actor) or str(row.get_actor_kind_display()),
        kind=str(row.get_actor_kind_display()) if row.actor and row.actor_kind != ActorKind.USER else "",
        action=audit_words.action(row.action),
        of=row.object_id,
        detail=audit_words.detail(row.detail),
        address=row.address,
        request_id=row.request_id,
    )


def _csv_line(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_cell(cell) for cell in cells])
    return line.getvalue()


def _cell(value: object) -> object:
    """What people typed is on one line, and no formula."""
    if not isinstance(value, str):
        return value
    line = one_line(value)
    return f"'{line}" if line.startswith(FORMULA) else line
