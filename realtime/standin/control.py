"""The control port: sets the fault and tells what was seen, whatever the fault is."""

from __future__ import annotations

from realtime.standin import orders
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
                order = orders.read(request.body, Mode)
                self._faults.set(Mode(order["mode"]), orders.above_zero(order, "seconds"))
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
