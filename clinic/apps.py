from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.core import checks

from clinic import database_logs


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        # It hears of every user that is saved, also by a command that knows no pages.
        import_module("clinic.services.sessions")
        checks.register(database_logs.check, checks.Tags.database)
