from __future__ import annotations

import asyncio
import os
import signal
import ssl
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.emr import Numbers, RecordSystem


class Command(BaseCommand):
    help = (
        "A medical record system that takes signed webhooks, FHIR R4 and HL7 v2, and fails on command: on the "
        "control port, POST /__fault breaks it and GET /received says what it has got."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--control-port", type=int, default=0, help="0, the default, takes any free port")
        parser.add_argument("--port", type=int, default=0, help="for webhooks and FHIR")
        parser.add_argument("--mllp-port", type=int, default=0, help="for HL7 v2")
        parser.add_argument("--mllps-port", type=int, default=0, help="for HL7 v2 under TLS; needs --certificate")
        parser.add_argument("--certificate", type=Path, help="PEM, with the chain and the private key")
        parser.add_argument(
            "--client-ca", type=Path, help="PEM: clients must show a certificate of this authority"
        )
        parser.add_argument("--journal", type=Path, help="keeps what was taken, also when this process is killed")

    def handle(self, *args: Any, **options: Any) -> None:
        # Not an argument: those can be read by every user of the machine.
        secret = os.environ.get("EVENKEEL_DEMO_SECRET", "")
        if not secret:
            raise CommandError("Set EVENKEEL_DEMO_SECRET: whsec_ and base64.")
        try:
            asyncio.run(self._serve(secret, options))
        except (OSError, ValueError) as error:
            raise CommandError(f"The record system cannot start. {error}") from error

    async def _serve(self, secret: str, options: dict[str, Any]) -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        async with _record_system(secret, options) as system:
            self.stdout.write(f"The record system listens: {system.numbers}")
            self.stdout.flush()
            await ended.wait()


def _record_system(secret: str, options: dict[str, Any]) -> RecordSystem:
    numbers = Numbers(options["control_port"], options["port"], options["mllp_port"], options["mllps_port"])
    return RecordSystem(secret, numbers, journal=options["journal"], tls=_tls(options))


def _tls(options: dict[str, Any]) -> ssl.SSLContext | None:
    if options["certificate"] is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=options["client_ca"])
    context.load_cert_chain(options["certificate"])
    if options["client_ca"] is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context
