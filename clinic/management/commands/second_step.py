from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import audit
from clinic.services import second_step, sessions


class Command(BaseCommand):
    help = "Takes somebody's second step away, once their phone and paper codes are lost, and logs them out."

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        reset = does.add_parser("reset", help="They set it up anew at their next log-in.")
        reset.add_argument("user", metavar="USER")

    def handle(self, *args: Any, user: str, **options: Any) -> None:
        found = User.objects.filter(username=user).first()
        if found is None:
            raise CommandError(f"Nobody here has the user name {user}.")
        by = audit.shell(getpass.getuser())
        if not second_step.reset(found, by=by):
            raise CommandError(f"{user} has no second step.")
        sessions.end_all(found, by=by)
        self.stdout.write(f"{user} sets up the second step anew at the next log-in.")
