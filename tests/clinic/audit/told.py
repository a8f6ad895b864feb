"""What the audit says, for tests."""

from __future__ import annotations

from typing import Any

from clinic.models import AuditEvent


def told(chain: int, *names: str) -> list[Any]:
    """The actions of a chain, the oldest first; or tuples that begin with them, of more fields."""
    rows = AuditEvent.objects.filter(chain=chain).order_by("sequence")
    return list(rows.values_list("action", *names) if names else rows.values_list("action", flat=True))
