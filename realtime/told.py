"""What people did to the vendor's switch, the breaker and the job queues, for whoever keeps an audit of it.

The function that REALTIME_TOLD names is called in the transaction of the change: should it fail,
nothing is changed.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

# Who acts when an "off" has run out.
CLOCK = "the clock"


def tell(action: str, *, by: str, user: int | None = None, until: datetime | None = None) -> None:
    """`action`: noun and verb. `by`: a name; `user`: the number of a user who acts on a page, None at a shell."""
    import_string(settings.REALTIME_TOLD)(action, by=by, user=user, until=until)
