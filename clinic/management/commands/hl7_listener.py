from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import logs
from clinic.inbound.listener import Limits, Listener, tls_context
from clinic.inbound.receiver import receive
from realtime import heartbeats

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Command(BaseCommand):
    help = "Takes bookings from schedules: HL7 SIU messages over MLLP. A process of its own; run one or more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=2575)
        parser.add_argument("--tls-certificate", default="", help="PEM, with the chain")
        parser.add_argument("--tls-key", default="", help="PEM")
        parser.add_argument(
            "--client-ca", default="", help="PEM; senders must show a certificate of this authority"
        )
        parser.add_argument("--max-connections", type=int, default=Limits.connections)

    def handle(self, *args: Any, host: str, port: int, max_connections: int, **options: Any) -> None:
        logs.take_what_nobody_caught()
        tls = _tls(options["tls_certificate"], options["tls_key"], options["client_ca"])
        if max_connections < 1:
            raise CommandError("--max-connections must be 1 or more.")
        if host not in LOOPBACK and not options["client_ca"]:
            self.stderr.write(
                "Whoever can reach this port can book patients: use --client-ca, or a closed network."
            )
        try:
            listening = socket.create_server(
                (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
            )
        except OSError as error:
            raise CommandError(f"{host}:{port} cannot be listened on: {error.strerror or error}") from None
        self.stderr.write(f"Listening on {host}:{listening.getsockname()[1]}.")
        listener = Listener(receive, Limits(connections=max_connections), tls)
        with heartbeats.beating("HL7 listener", [heartbeats.BOOKINGS]):
            asyncio.run(_serve(listener, listening))


async def _serve(listener: Listener, listening: socket.socket) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with listening:
        await listener.serve(listening, stop)


def _tls(certificate: str, key: str, client_ca: str) -> ssl.SSLContext | None:
    if bool(certificate) != bool(key) or (client_ca and not certificate):
        raise CommandError("TLS needs both --tls-certificate and --tls-key; --client-ca needs TLS.")
    if not certificate:
        return None
    try:
        return tls_context(certificate, key, client_ca)
    except OSError as error:
        raise CommandError(f"The TLS files cannot be used: {error.strerror or error}") from None
