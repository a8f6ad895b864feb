"""What staff do to messages that came in."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from clinic import audit, clock
from clinic.models import InboundMessage


def mark_reviewed(messages: QuerySet[InboundMessage], *, by: User) -> int:
    """Notes who looked at them, once each. Returns how many nobody had looked at before."""
    with transaction.atomic():
        found = messages.filter(reviewed_at=None).order_by().values_list("pk", "clinic_id")
        clinics = dict(found)
        unseen = InboundMessage.objects.select_for_update().filter(pk__in=clinics, reviewed_at=None)
        now_seen = list(unseen.values_list("pk", flat=True))
        InboundMessage.objects.filter(pk__in=now_seen).update(reviewed_by=by, reviewed_at=clock.now())
        for chain, count in sorted(Counter(clinics[pk] or audit.SYSTEM for pk in now_seen).items()):
            audit.write(chain, "inbound.review", by=audit.staff(by), detail={"count": count})
        return len(now_seen)
