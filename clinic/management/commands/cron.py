from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from clinic import logs
from clinic.running import schedule
from realtime import heartbeats


class Command(BaseCommand):
    help = "Looks after what was forgotten: due deliveries, left-over notices, an expired switch. Run one or more."

    def handle(self, *args: Any, **options: Any) -> None:
        logs.take_what_nobody_caught()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with heartbeats.beating("scheduler", [heartbeats.SCHEDULER], round_age=schedule.seconds_since_round):
            schedule.run(stop)
