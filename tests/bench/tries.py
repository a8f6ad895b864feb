"""When deliveries were first tried, as their rows say."""

from __future__ import annotations

import time
from collections.abc import Sequence

from clinic.models import Delivery
from tests.waiting import until

SECONDS = 30


class Tries:
    """Looks at what is owed to the record systems."""

    def newest(self) -> int:
        """The newest delivery's id; 0 when there is none."""
        return Delivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def delays(self, since: int, commits: Sequence[float]) -> list[float]:
        """Seconds from commit to first try of all deliveries newer than `since`, once each was tried.

        `commits`: in monotonic seconds and in the order of the deliveries, one for each.
        """
        newer = Delivery.objects.filter(pk__gt=since).order_by("pk")
        untried = newer.filter(first_tried_at=None)
        until(lambda: not untried.exists(), SECONDS, f"not all of {len(commits)} deliveries were tried")
        epoch = time.time() - time.monotonic()
        tried = newer.values_list("first_tried_at", flat=True)
        return [at.timestamp() - epoch - commit for at, commit in zip(tried, commits, strict=True) if at]
