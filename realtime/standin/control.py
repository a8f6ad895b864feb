"""The control port: sets the fault and tells what was seen, whatever the fault is."""

from __future__ import annotations

import json
import math

from realtime.standin.faults import Faults, Mode
from realtime.standin.seen import Seen
from realtime.standin.wire import Reply, Request, Wire


class Control:
    """Answers the requests of the control port."""

    def __init__(self, faults: Faults, seen: Seen) -> None:
        self._faults, self._seen = faults, seen

    async def handle(self, request: Request, wire: Wire) -> None:
        """Answers one request; one that makes no sense gets a 4xx with `{"error": sentence}`."""
        try:
            reply = self._answer(request)
        except ValueError as error:
            reply = Reply.json(400, {"error": str(error)})
        await wire.answer(reply)

    def _answer(self, request: Request) -> Reply:
        match request.method, request.path:
            case "POST", "/__fault":
                self._faults.set(*_wanted(request.body))
                return self._fault()
            case "GET", "/__fault":
                return self._fault()
            case "GET", "/__seen":
                return Reply.json(200, self._seen.report())
            case "POST", "/__reset":
                self._seen.reset()
                return Reply.json(200, {})
        known = "POST or GET /__fault, GET /__seen, POST /__reset"
        return Reply.json(404, {"error": f"The control port knows {known}."})

    def _fault(self) -> Reply:
        return Reply.json(200, {"mode": self._faults.mode, "until": self._faults.until})


def _wanted(body: bytes) -> tuple[Mode, float | None]:
    """Mode and seconds of a request to change the fault. Raises ValueError."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise ValueError('The body is not JSON. Send {"mode": "silent", "seconds": 10}.') from error
    if not isinstance(value, dict) or value.get("mode") not in list(Mode):
        raise ValueError(f"Unknown mode. Choose one of {', '.join(Mode)}.")
    return Mode(value["mode"]), _seconds(value.get("seconds"))


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError("seconds is a number above 0, or left out.")
    return float(value)
