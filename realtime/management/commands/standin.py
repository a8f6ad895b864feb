"""`manage.py standin`: runs the vendor stand-in until it is told to stop."""

from __future__ import annotations

import asyncio
import json
import signal
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.standin import Key, StandIn


def publish_key(text: str) -> Key:
    """A key that may publish, for argparse."""
    return _key(text, "publish")


def subscribe_key(text: str) -> Key:
    """A key that may subscribe, for argparse."""
    return _key(text, "subscribe")


def _key(text: str, operation: str) -> Key:
    try:
        return Key.parse(text, operation)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


class Command(BaseCommand):
    """Prints `{"control", "port", "tls_port", "ca_file"}` on one line when ready. Ends on SIGINT, SIGTERM."""

    help = "Runs a local vendor that speaks Ably's REST and SSE and fails on command."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--control-port", type=int, default=0, help="0, the default, takes any free port")
        parser.add_argument("--port", type=int, default=0, help="the data port, plain")
        parser.add_argument("--tls-port", type=int, default=0, help="the data port under TLS")
        parser.add_argument("--ca-file", type=Path, required=True, help="gets the authority's certificate")
        parser.add_argument("--host", action="append", default=[], help="one more address, beside 127.0.0.1")
        parser.add_argument("--publish-key", type=publish_key, required=True, metavar="app.id:secret")
        parser.add_argument("--subscribe-key", type=subscribe_key, required=True, metavar="app.id:secret")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            asyncio.run(self._serve(options))
        except OSError as error:
            raise CommandError(f"The stand-in cannot start. {error}") from error

    async def _serve(self, options: dict[str, Any]) -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        async with _stand_in(options) as standin:
            options["ca_file"].write_bytes(standin.ca_pem)
            self.stdout.write(_ready(standin, options["ca_file"]))
            self.stdout.flush()
            await ended.wait()


def _stand_in(options: dict[str, Any]) -> StandIn:
    return StandIn(
        [options["publish_key"], options["subscribe_key"]],
        hosts=options["host"],
        control_port=options["control_port"],
        port=options["port"],
        tls_port=options["tls_port"],
    )


def _ready(standin: StandIn, ca_file: Path) -> str:
    return json.dumps(
        {
            "control": standin.control_url,
            "port": standin.port,
            "tls_port": standin.tls_port,
            "ca_file": str(ca_file.resolve()),
        }
    )
