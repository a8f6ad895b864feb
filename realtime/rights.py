"""Who may listen to a topic: decided by the module that REALTIME_RIGHTS names, since topics know no people.

That module offers:
    may_listen(topic: str, cookies: Mapping[str, str], user) -> str | None
        a grant, which is a short text that can be checked again; or None
    ended(grants: Collection[str]) -> set[str]
        those of the grants that hold no longer
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.utils.module_loading import import_string


def may_listen(topic: str, cookies: Mapping[str, str], user: Any) -> str | None:
    """A grant for this listener, or None."""
    grant: str | None = import_string(f"{settings.REALTIME_RIGHTS}.may_listen")(topic, cookies, user)
    return grant


def ended(grants: Collection[str]) -> set[str]:
    """Which of these grants have ended: a revoked device, a log-out, a member who left."""
    close_old_connections()
    gone: set[str] = import_string(f"{settings.REALTIME_RIGHTS}.ended")(grants)
    return gone
