"""A list of bookings on its way from the file to the visits: kept for the preview, then booked, then dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction

from clinic import audit, clock
from clinic.inbound import csv_bookings
from clinic.models import BookingUpload, Clinic
from clinic.models.inbound import KEEP_UPLOADS_FOR
from clinic.services import Actor, bookings
from clinic.services.bookings import Appointment

# Together, as long as it is short: the clinic's desk and kiosks wait meanwhile.
BATCH = 20


def keep(clinic: Clinic, user: User, text: str, *, is_day_first: bool) -> BookingUpload:
    """Keeps a list until it is confirmed, or too old. One list a person and clinic: the last."""
    with transaction.atomic():
        BookingUpload.objects.filter(clinic=clinic, user=user).delete()
        kept = BookingUpload.objects.create(
            clinic=clinic,
            user=user,
            created_at=clock.now(),
            text=text.replace("\x00", "\ufffd"),
            is_day_first=is_day_first,
        )
        audit.write(clinic.pk, "booking.upload", by=audit.staff(user), of=("upload", kept.public_id))
        return kept


def rows(upload: BookingUpload) -> list[csv_bookings.Row]:
    """What the list says, as of now. Raises csv_bookings.UnusableList."""
    return csv_bookings.read(upload.text, upload.clinic, is_day_first=upload.is_day_first)


def confirm(upload: BookingUpload, good: Sequence[Appointment]) -> BookingUpload:
    """Books these rows of it, some at a time, and notes in `done` how many became what.

    Each batch is committed: should it end half way, or be pressed twice, the rest follows and what is there stays
    as it is. Of two at once the first to end says what became of them. `done` is also filled where another list
    took the place of this one meanwhile, and nothing of it is kept.
    """
    upload.done, upload.text = _book(upload, good), ""
    this = BookingUpload.objects.filter(pk=upload.pk)
    with transaction.atomic():
        if this.filter(done__isnull=True).update(done=upload.done, text=""):
            _tell(upload)
            return upload
    upload.done = this.values_list("done", flat=True).first() or upload.done
    return upload


def clear_expired() -> int:
    """Drops the lists that nobody confirmed, and what is known of those that somebody did. Returns how many."""
    return BookingUpload.objects.filter(created_at__lt=clock.now() - KEEP_UPLOADS_FOR).delete()[0]


def _tell(upload: BookingUpload) -> None:
    count, of = sum((upload.done or {}).values()), ("upload", upload.public_id)
    by = audit.staff(upload.user)
    audit.write(upload.clinic_id, "booking.import", by=by, of=of, detail={"count": count})


def _book(upload: BookingUpload, good: Sequence[Appointment]) -> dict[str, int]:
    actor, counts = Actor(user=upload.user), Counter[str]()
    for start in range(0, len(good), BATCH):
        outcomes = bookings.put_all(upload.clinic, good[start : start + BATCH], by=actor)
        counts.update(str(outcome.became) for outcome in outcomes)
    return dict(counts)
