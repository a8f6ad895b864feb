"""How old the last backup is: by the audit, and after a restore by what was restored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric

from clinic import clock
from clinic.models import AuditEvent


def figures() -> Iterator[Metric]:
    """No sample where none was ever made: it may be the database's own tools that make them."""
    family = GaugeMetricFamily("evenkeel_backup_age_seconds", "Since the last backup was whole.")
    if at := _last():
        family.add_metric([], max(0.0, (clock.now() - at).total_seconds()))
    yield family


def _last() -> datetime | None:
    # By the index of kinds and times: years of the audit are not read for each look.
    rows = AuditEvent.objects.filter(object_kind="backup", action__in=["backup.finish", "backup.restore"])
    last = rows.order_by("-at").first()
    if last is None:
        return None
    return datetime.fromisoformat(last.detail["as_of"]) if "as_of" in last.detail else last.at
