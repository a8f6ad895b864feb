"""Clinics, and what belongs to them and stands on their screens: rooms, opening hours, labels."""

from __future__ import annotations

from django.db import transaction

from clinic.models import Clinic
from realtime import notices
from realtime.models import Topic


def create(clinic: Clinic) -> Clinic:
    """Saves a new clinic together with the topic that its screens listen to."""
    with transaction.atomic():
        clinic.topic = Topic.objects.create()
        clinic.save()
        return clinic


def about_to_change(clinic: Clinic) -> None:
    """Takes the clinic's lock for the rest of the caller's transaction; then its screens look again."""
    notices.announce(notices.lock(clinic.topic_id))
