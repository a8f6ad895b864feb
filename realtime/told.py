"""What people did to the vendor's switch, the breaker and the job queues, for whoever keeps an audit of it.

The function that REALTIME_TOLD names is called in the transaction of the change, or before one in Redis: should it
fail, nothing is changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

# Who acts when an "off" has run out.
CLOCK = "the clock"


class JobQueueChange(NamedTuple):
    """What is asked of a job queue, such as "empty" or "requeue"."""

    queue: str
    what: str


def tell(
    action: str,
    *,
    by: str,
    user: int | None = None,
    until: datetime | None = None,
    change: JobQueueChange | None = None,
) -> None:
    """`action`: noun and verb. `by`: a name; `user`: the number of a user who acts on a page, None at a shell."""
    import_string(settings.REALTIME_TOLD)(action, by=by, user=user, until=until, change=change)
