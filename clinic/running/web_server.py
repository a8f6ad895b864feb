"""The server of a web process: one that ends drops nobody whom it, or the system for it, has let in."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import Sequence

import uvicorn

# Seconds in which who has just been let in says what they want. Uvicorn itself would hang up on them.
LEAVING = 0.5
CLOSE = (b"connection", b"close")


class WebServer(uvicorn.Server):
    """Uvicorn's, with a good end: it lets in nobody new, answers all others, and then closes what is idle."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        end = time.monotonic() + LEAVING
        # The system lets in for us; those would be reset.
        while _somebody_waits(sockets or []) and time.monotonic() < end:
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        # A proxy that keeps connections is told with each answer that this one ends.
        self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
        while not self.force_exit and (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(0.1, left))
        await super().shutdown(sockets)


def _somebody_waits(listening: Sequence[socket.socket]) -> bool:
    """Whether a connection is made that the event loop has not taken yet."""
    look = select.poll()
    for one in listening:
        look.register(one, select.POLLIN)
    return bool(look.poll(0))
