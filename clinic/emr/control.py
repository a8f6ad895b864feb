"""Sets the fault and tells what was taken, whatever the fault is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from clinic.emr.faults import Order
from clinic.emr.records import Records
from realtime.standin.wire import Reply, Request

KNOWN = "POST or GET /__fault, GET /received?tail=N, POST /__reset"


class Control:
    """`set_fault` follows an order, `report` says how it fails now."""

    def __init__(
        self,
        records: Records,
        set_fault: Callable[[Order], None],
        report: Callable[[], dict[str, Any]],
        reset: Callable[[], None],
    ) -> None:
        self._records, self._set, self._report, self._reset = records, set_fault, report, reset

    def knows(self, request: Request) -> bool:
        """Whether it is for us, on a port that speaks with others too."""
        return urlsplit(request.target).path in ("/__fault", "/__reset", "/received")

    def answer(self, request: Request) -> Reply:
        """One that makes no sense gets a 4xx with `{"error": sentence}`."""
        try:
            return self._answer(request)
        except ValueError as error:
            return Reply.json(400, {"error": str(error)})

    def _answer(self, request: Request) -> Reply:
        match request.method, request.path:
            case "POST", "/__fault":
                self._set(Order.parse(request.body))
                return Reply.json(200, self._report())
            case "GET", "/__fault":
                return Reply.json(200, self._report())
            case "GET", "/received":
                tail = request.query.get("tail")
                return Reply.json(200, self._records.report(int(tail) if tail else None))
            case "POST", "/__reset":
                self._reset()
                return Reply.json(200, {})
        return Reply.json(404, {"error": f"Here are {KNOWN}."})
