"""The record system in a thread beside whoever uses it: for tests, without a process."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from clinic.emr.faults import PROTOCOLS, Mode, Order
from clinic.emr.fhir import BASE
from clinic.emr.server import Numbers, RecordSystem

T = TypeVar("T")


class Beside:
    """A running record system, told what to do from another thread."""

    def __init__(self, system: RecordSystem, loop: asyncio.AbstractEventLoop) -> None:
        self._system, self._loop = system, loop

    @property
    def numbers(self) -> Numbers:
        return self._system.numbers

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.numbers.control}"

    @property
    def hook_url(self) -> str:
        return f"http://127.0.0.1:{self.numbers.http}/hook"

    @property
    def fhir_url(self) -> str:
        return f"http://127.0.0.1:{self.numbers.http}{BASE}"

    @property
    def mllp_url(self) -> str:
        return f"mllp://127.0.0.1:{self.numbers.mllp}"

    @property
    def mllps_url(self) -> str:
        return f"mllps://127.0.0.1:{self.numbers.mllps}"

    def fault(self, mode: str, *, only: str = "", **more: Any) -> None:
        """Holds when this returns. `only`: "http" or "mllp"; `more`: `seconds`, `count`, `ms` of an Order."""
        order = Order(Mode(mode), (only,) if only else PROTOCOLS, **more)
        self._there(lambda: self._system.set_fault(order))

    def received(self) -> dict[str, Any]:
        """As `GET /received`."""
        return self._there(self._system.received)

    def entries(self, protocol: str) -> list[dict[str, Any]]:
        """What it took by "webhook", "fhir" or "hl7", oldest first."""
        return [one for one in self.received()["received"] if one["protocol"] == protocol]

    def reset(self) -> None:
        """Forgets what it took."""
        self._there(self._system.reset)

    def _there(self, what: Callable[[], T]) -> T:
        async def run() -> T:
            return what()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)


@contextmanager
def listening(secret: str, *, journal: Path | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Beside]:
    """Serves on free ports of 127.0.0.1 until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="record-system")
    thread.start()
    system = RecordSystem(secret, journal=journal, tls=tls)
    try:
        asyncio.run_coroutine_threadsafe(system.__aenter__(), loop).result(10)
        yield Beside(system, loop)
    finally:
        asyncio.run_coroutine_threadsafe(system.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
