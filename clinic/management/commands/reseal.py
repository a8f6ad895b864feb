from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from clinic.services import resealing


class Command(BaseCommand):
    help = "Seals secrets of destinations and second steps with the newest secret key, so that old keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        done, lost = resealing.reseal()
        self.stdout.write(f"Sealed with the newest key: {done}.")
        if lost:
            self.stderr.write(f"Kept under a key that is not known here: {lost}. They have to be set anew.")
