from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import demo as demo_people
from clinic import demo_seed
from clinic.running import demo, home, valkey
from clinic.running.supervisor import StartFailed, Supervisor


class Command(BaseCommand):
    help = "A whole Evenkeel on this machine, with a vendor and a record system to break. One Ctrl-C ends it all."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One line of JSON when all is ready.")
        parser.add_argument("--host", default=demo.HOST, help="An address of this machine's loopback.")
        parser.add_argument("--port", type=int, default=demo.PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        refuse_taken(host, port)
        try:
            with home.lock(settings.HOME):
                self._run(demo.plan(settings.HOME, host, port), as_json=options["json"])
        except (home.HomeInUse, valkey.PortTaken, StartFailed) as error:
            raise CommandError(str(error)) from None

    def _run(self, plan: demo.Plan, *, as_json: bool) -> None:
        people = {role: [name, demo_people.PASSWORD] for role, name in demo_people.USERS.items()}
        try:
            with Supervisor(log_dir=plan.home / "logs") as supervisor:
                ready = partial(prepare, plan, self._say)
                demo.start(plan, settings.WORKERS, supervisor, ready, self._say)
                found = demo.summary(plan, supervisor, people)
                self.stdout.write(json.dumps(found) if as_json else in_words(plan, found))
                self.stdout.flush()
                supervisor.run()
        finally:
            home.remove_run(plan.home)

    def _say(self, what: str) -> None:
        self.stderr.write(f"evenkeel: {what}")


def refuse_taken(host: str, port: int) -> None:
    """Raises CommandError, with what to do, when the demo cannot have this address."""
    if not (host.startswith("127.") or host == "localhost"):
        raise CommandError("The demo listens on this machine only: give --host 127.0.0.1, or leave it out.")
    if not 0 < port < 65536:
        raise CommandError("--port must be between 1 and 65535.")
    if home.port_taken(host, port):
        raise CommandError(
            f"Port {port} is taken by another program. Choose another: make demo ARGS='--port {port + 1}'."
        )


def prepare(plan: demo.Plan, say: Any) -> None:
    """Database, fonts, catalogs, static files and the demo's clinic: what has to be there before the start."""
    say("preparing the database")
    call_command("migrate", verbosity=0)
    say("building fonts, message catalogs and static files")
    call_command("build", verbosity=0)
    say("seeding the clinic")
    demo_seed.seed(plan.emr_addresses, plan.emr_secret)


def in_words(plan: demo.Plan, found: dict[str, Any]) -> str:
    lines = ["", f"Evenkeel is ready: open {plan.url}/ for all screens side by side.", ""]
    lines += [f"  {name:8} {found[name]}" for name in ("kiosk", "monitor", "desk", "ops", "admin")]
    lines += ["", f"  Log in as {', '.join(name for name, _p in found['login'].values())}; "]
    lines[-1] += f"the password is {demo_people.PASSWORD}"
    lines += [f"  Logs: {Path(plan.home) / 'logs'}", "", "Ctrl-C ends everything.", ""]
    return "\n".join(lines)
