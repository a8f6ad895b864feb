from __future__ import annotations

import socket
import sys
from contextlib import suppress
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from clinic import logs
from clinic.running.web_server import BoundedHttp, BoundedSocket, WebServer

# Seconds. A client that takes nothing of what was sent to it for so long is cut off; otherwise the server waits
# for it for ever, also once it has closed the connection.
UNREAD = 60


class Command(BaseCommand):
    help = "Runs one web process: pages, sockets and the hub. Start more behind a proxy, on any machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        logs.take_what_nobody_caught()
        config = uvicorn.Config(
            "clinic.asgi:application",
            host=host,
            port=port,
            http=BoundedHttp,
            ws=BoundedSocket,
            ws_per_message_deflate=False,
            ws_max_size=4096,
            # Our own request line names the route, never the address: an address can be a secret.
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=bool(settings.PROXIES),
            forwarded_allow_ips=[str(network) for network in settings.PROXIES],
            timeout_graceful_shutdown=3,
        )
        server = WebServer(config)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[_cutting_off(config.bind_socket())])
        if not server.started:
            sys.exit(1)


def _cutting_off(listening: socket.socket) -> socket.socket:
    """Linux gives a listening socket's options to each connection. Elsewhere the server waits."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD * 1000)
    return listening
