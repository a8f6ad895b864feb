"""The record system of a drill: the demo's, which takes a set time to say yes."""

from __future__ import annotations

import time

from clinic.running import emr

SECONDS = 0.05


class UnhurriedReceiver(emr.Receiver):
    """Takes SECONDS for each message; as many at once as are sent."""

    def take(self, key: str, body: bytes) -> None:
        """Keeps it, in its own time."""
        time.sleep(SECONDS)
        super().take(key, body)


def serve(port: int, secret: str) -> None:
    """Serves on 127.0.0.1 until the process ends."""
    with UnhurriedReceiver(("127.0.0.1", port), secret) as server:
        server.serve_forever()
