"""What staff do to messages that came in."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet

from clinic import clock
from clinic.models import InboundMessage


def mark_reviewed(messages: QuerySet[InboundMessage], *, by: User) -> int:
    """Notes who looked at them, once each. Returns how many nobody had looked at before."""
    unseen = messages.filter(reviewed_at=None).order_by()
    return InboundMessage.objects.filter(
        pk__in=list(unseen.values_list("pk", flat=True)), reviewed_at=None
    ).update(reviewed_by=by, reviewed_at=clock.now())
