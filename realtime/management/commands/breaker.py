from __future__ import annotations

import getpass
from datetime import timedelta
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from realtime import redis_link, told
from realtime.breaker import FORCES, Breaker, View
from realtime.management.commands.vendor import length
from realtime.plain import one_line

LONGEST = timedelta(days=2)


class Command(BaseCommand):
    help = "The breaker from a shell: how it stands, or a person's word for it, which lapses by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["status", *FORCES], help="auto: it decides for itself again.")
        parser.add_argument("--reason", default="", help='Why. Left out: "from the shell".')
        parser.add_argument("--for", dest="length", default="4h", help="How long it holds: 30m, 4h or 2d at most.")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        guard = Breaker(redis_link.client())
        try:
            if action != "status":
                _force(guard, action, options["reason"], _seconds(options["length"]))
            self.stdout.write(_sentence(guard.peek()))
        except redis.RedisError:
            raise CommandError(
                "Redis does not answer, and the breaker lives there: nothing goes by the vendor."
            ) from None


def _force(guard: Breaker, action: str, reason: str, seconds: int) -> None:
    user = getpass.getuser()
    # Whether Redis is there at all: what is told is kept before it is done, and no lock is held meanwhile.
    guard.peek()
    told.tell(f"breaker.{action}", by=user, until=timezone.now() + timedelta(seconds=seconds))
    guard.force(action, why=f"{user}: {one_line(reason)[:200] or 'from the shell'}", seconds=seconds)


def _seconds(text: str) -> int:
    found = length(text)
    if found is None or found > LONGEST:
        raise CommandError(f"--for {text}: a forced breaker is forgotten easily. Write 2d or less.")
    return int(found.total_seconds())


def _sentence(view: View) -> str:
    if view.forced != "auto":
        return f"The breaker is forced {view.forced}; by itself it would be {view.state}."
    return f"The breaker is {view.state}: {view.in_words()}."
