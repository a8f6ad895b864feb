from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from clinic.running import programs
from clinic.running.supervisor import Supervisor


class Command(BaseCommand):
    help = "Runs the workers of all pools (EVENKEEL_WORKERS) and restarts each one whenever it ends."

    def handle(self, *args: Any, **options: Any) -> None:
        with Supervisor(programs.workers(settings.WORKERS, env={})) as supervisor:
            supervisor.run()
