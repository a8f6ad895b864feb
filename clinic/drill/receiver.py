"""The record system of a drill: the demo's, which takes a set time to say yes."""

from __future__ import annotations

import asyncio

from clinic.emr import Mode, Numbers, RecordSystem
from clinic.emr.faults import Order

MILLISECONDS = 50.0


def serve(numbers: Numbers, secret: str) -> None:
    """Serves on 127.0.0.1 until the process ends; as many messages at once as are sent."""
    asyncio.run(_serve(numbers, secret))


async def _serve(numbers: Numbers, secret: str) -> None:
    async with RecordSystem(secret, numbers) as system:
        system.set_fault(Order(Mode.SLOW, ms=MILLISECONDS))
        await asyncio.Event().wait()
