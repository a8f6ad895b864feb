"""Sockets of the record system: a control port, HTTP, and MLLP plain and under TLS."""

from __future__ import annotations

import socket
import ssl
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from clinic.emr.control import Control
from clinic.emr.faults import PROTOCOLS, Answers, Fault, Mode, Order, act
from clinic.emr.fhir import BASE, Fhir
from clinic.emr.mllp import Mllp
from clinic.emr.records import Records
from clinic.emr.webhooks import Webhooks
from clinic.emr.wire import FaultyWire, MllpWire
from realtime.standin.server import LOOPBACK, Port
from realtime.standin.wire import Reply, Request, Wire, attend, converse, first


@dataclass(frozen=True)
class Numbers:
    """Of its ports on 127.0.0.1; 0 for any free one. `mllps` is there only with a certificate."""

    control: int = 0
    http: int = 0
    mllp: int = 0
    mllps: int = 0


class RecordSystem:
    """The whole of it: an async context manager, listening inside its block.

    `secret`: signs webhooks, and is FHIR's bearer token. `journal`: a file that keeps what was taken.
    `tls`: of a server, for the `mllps` port; it decides whether a client needs a certificate.
    """

    def __init__(
        self,
        secret: str,
        numbers: Numbers | None = None,
        *,
        journal: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.numbers, self._tls = numbers or Numbers(), tls
        self._records = Records(journal)
        self._webhooks, self._fhir = Webhooks(secret, self._records), Fhir(secret, self._records)
        self._mllp = Mllp(self._records)
        self._ports: dict[str, Port] = {}
        self.faults = {name: Fault(partial(self._on_change, name)) for name in PROTOCOLS}
        self.control = Control(self._records, self.set_fault, self._report, self.reset)

    async def __aenter__(self) -> Self:
        """Binds and listens. Raises OSError that names the address, if one is taken."""
        try:
            self._bind()
        except OSError:
            await self.__aexit__()
            raise
        for port in self._ports.values():
            port.listen()
        self.numbers = Numbers(**{name: port.number for name, port in self._ports.items()})
        return self

    async def __aexit__(self, *_: object) -> None:
        for fault in self.faults.values():
            fault.stop_timer()
        for port in self._ports.values():
            await port.closed()
        self._records.close()

    def set_fault(self, order: Order) -> None:
        """For the protocols that it names; the others go on as they were."""
        for name in order.protocols:
            self.faults[name].set(order)

    def received(self) -> dict[str, Any]:
        """A copy of what `GET /received` says."""
        return deepcopy(self._records.report())

    def reset(self) -> None:
        """Forgets what was taken."""
        self._records.reset()
        self._fhir.reset()

    def _bind(self) -> None:
        serve = {
            "control": partial(self._serve, Wire, self._serve_control, None),
            "http": partial(self._serve, FaultyWire, self._serve_http, None),
            "mllp": partial(self._serve, MllpWire, self._serve_mllp, None),
        }
        if self._tls is not None:
            serve["mllps"] = partial(self._serve, MllpWire, self._serve_mllp, self._tls)
        for name, one in serve.items():
            self._ports[name] = Port([LOOPBACK], getattr(self.numbers, name), one)

    def _on_change(self, protocol: str) -> None:
        is_refusing = self.faults[protocol].manner.mode is Mode.REFUSE
        for name, port in self._ports.items():
            if name.startswith(protocol):
                port.refuse() if is_refusing else port.listen()

    def _report(self) -> dict[str, Any]:
        """`mode` is that of all protocols, "" when they differ."""
        modes = {fault.manner.mode for fault in self.faults.values()}
        mode = modes.pop() if len(modes) == 1 else ""
        return {"mode": mode, **{name: fault.report() for name, fault in self.faults.items()}}

    async def _serve(self, kind: Any, talk: Any, context: ssl.SSLContext | None, sock: socket.socket) -> None:
        wire = kind()
        await attend(wire, sock, context, partial(talk, wire))

    async def _serve_control(self, wire: Wire) -> None:
        await converse(wire, self._handle_control)

    async def _handle_control(self, request: Request, wire: Wire) -> None:
        await wire.answer(self.control.answer(request))

    async def _serve_http(self, wire: FaultyWire) -> None:
        await converse(wire, self._handle_http)

    async def _handle_http(self, request: Request, wire: Wire) -> None:
        assert isinstance(wire, FaultyWire)
        if self.control.knows(request):
            await wire.answer(self.control.answer(request))
            return
        vendor = self._fhir if request.path.startswith(f"{BASE}/") else self._webhooks
        wire.manner = self.faults["http"].take()
        take = partial(vendor.answer, request)
        await act(wire.manner, Answers[Reply](take, vendor.refuse, wire.answer, wire.babble, wire.lost))

    async def _serve_mllp(self, wire: MllpWire) -> None:
        while (frame := await wire.frame()) is not None:
            wire.manner = self.faults["mllp"].take()
            take, refuse = partial(self._mllp.answer, frame), partial(self._mllp.refuse, frame)
            answers = Answers[bytes](take, refuse, wire.say, wire.babble, wire.lost)
            await first(act(wire.manner, answers), wire.lost.wait())
