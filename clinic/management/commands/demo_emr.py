from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clinic.running import emr


class Command(BaseCommand):
    help = "The demo's medical record system: takes signed webhooks, and says what it has got at /received."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, required=True)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        # Not an argument: those can be read by every user of the machine.
        emr.serve("127.0.0.1", port, os.environ["EVENKEEL_DEMO_SECRET"])
