"""How each destination stands: what waits there, what was given up, and since when it has been silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery

from clinic.models import Delivery, Destination
from clinic.models.deliveries import Failure

SILENT_AFTER = timedelta(minutes=15)
SILENT, GIVEN_UP, STOPPED = "silent", "given_up", "stopped"
_REFUSED = Q(last_failure=Failure.GONE)


def quiet(last_error: str) -> str:
    """What a destination is that every call fails at, in the same words on all pages and in mails."""
    return "silent" if last_error.startswith("no answer") else "not taking messages"


@dataclass(frozen=True)
class Standing:
    """Counts of messages; `oldest` and `oldest_given_up`: when those were made; `newest_given_up`: its row, or 0.

    `silent_since`: from when on every call failed while messages waited; None when that is not so.
    `has_stopped`: it asked for no more messages, and those that wait will not go by themselves.
    """

    destination: Destination
    waiting: int = 0
    oldest: datetime | None = None
    given_up: int = 0
    oldest_given_up: datetime | None = None
    newest_given_up: int = 0
    silent_since: datetime | None = None
    has_stopped: bool = False

    def troubles(self, now: datetime) -> frozenset[str]:
        """What a person should be told of."""
        is_silent = self.silent_since is not None and now - self.silent_since >= SILENT_AFTER
        found = {SILENT: is_silent, GIVEN_UP: self.given_up > 0, STOPPED: self.has_stopped}
        return frozenset(kind for kind, is_so in found.items() if is_so)


def standings(*pks: int) -> list[Standing]:
    """Of all destinations where anything waits, was given up, or was alarmed about; or of these."""
    counts = {row.pop("destination"): row for row in _counts(pks)}
    latest = Delivery.objects.filter(destination=OuterRef("pk"), state=Delivery.State.DELIVERED)
    last = Subquery(latest.order_by("-delivered_at").values("delivered_at")[:1])
    rows = Destination.objects.select_related("clinic").filter(Q(pk__in=counts) | ~Q(alarms="") | ~Q(mailed=""))
    if pks:
        rows = rows.filter(pk__in=pks)
    delivered = dict(rows.filter(is_ill=True).annotate(last=last).values_list("pk", "last"))
    return [_standing(row, counts.get(row.pk, {}), delivered.get(row.pk)) for row in rows]


def _counts(pks: tuple[int, ...]) -> list[dict[str, Any]]:
    """In two queries, one a state: SQLite has an index for each, and for both together it reads all rows."""
    rows = Delivery.objects.order_by()
    if pks:
        rows = rows.filter(destination__in=pks)
    waiting = rows.filter(state=Delivery.State.PENDING).values("destination")
    dead = rows.filter(state=Delivery.State.DEAD).values("destination")
    found: dict[int, dict[str, Any]] = {}
    for row in [
        *waiting.annotate(waiting=Count("pk"), oldest=Min("created_at"), refused=Count("pk", filter=_REFUSED)),
        *dead.annotate(given_up=Count("pk"), oldest_given_up=Min("created_at"), newest_given_up=Max("pk")),
    ]:
        found.setdefault(row["destination"], {}).update(row)
    return list(found.values())


def _standing(destination: Destination, counts: dict[str, Any], delivered: datetime | None) -> Standing:
    counts = {**counts, "newest_given_up": counts.get("newest_given_up") or 0}
    has_stopped = bool(counts.pop("refused", 0)) and destination.is_paused
    since = None
    # One that is ill and slow, yet takes what it is sent, has no failures.
    if destination.ill_since and destination.failures and counts.get("waiting") and not destination.is_paused:
        since = max(destination.ill_since, delivered or destination.ill_since)
    return Standing(destination, silent_since=since, has_stopped=has_stopped, **counts)
