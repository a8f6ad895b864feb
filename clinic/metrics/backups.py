"""How old the last backup is. By the audit, which the copy itself carries: after a restore that is known too."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from clinic import clock
from clinic.models import AuditEvent


def figures() -> Iterator[Metric]:
    """No sample where none was ever made: it may be the database's own tools that make them."""
    family = GaugeMetricFamily("evenkeel_backup_age_seconds", "Since the last backup was whole.")
    # By the index of kinds and times: years of the audit are not read for each look.
    rows = AuditEvent.objects.filter(object_kind="backup", action="backup.finish").order_by("-at")
    if at := rows.values_list("at", flat=True).first():
        family.add_metric([], max(0.0, (clock.now() - at).total_seconds()))
    yield family
