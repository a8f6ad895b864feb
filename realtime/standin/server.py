"""Sockets: the control port, the data port and its TLS twin."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Self

import trustme

from realtime.standin.auth import Key
from realtime.standin.control import Control
from realtime.standin.faults import Faults, FaultyWire, Mode, Timing
from realtime.standin.seen import Seen
from realtime.standin.vendor import Vendor
from realtime.standin.wire import Wire, attend, converse, first

LOOPBACK = "127.0.0.1"
BACKLOG = 512


class Port:
    """One port number on several hosts. It can stop listening and start again without losing the number."""

    def __init__(
        self, hosts: Iterable[str], number: int, serve: Callable[[socket.socket], Coroutine[Any, Any, None]]
    ) -> None:
        """Binds, with 0 for any free number. Raises OSError that names the address, if it is taken."""
        self.number = number
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[socket.socket] = []
        try:
            for host in hosts:
                self._listeners.append(_bound(host, self.number))
                self.number = self._listeners[0].getsockname()[1]
        except OSError:
            self.close()
            raise

    def listen(self) -> None:
        """Accepts connections from now on."""
        for listener in self._listeners:
            listener.listen(BACKLOG)
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def refuse(self) -> None:
        """Drops all connections and refuses new ones, with the number kept: bound, but not listening."""
        addresses = [listener.getsockname() for listener in self._listeners]
        self.close()
        self._listeners = [_bound(host, number) for host, number in addresses]

    def close(self) -> None:
        """Stops listening and drops all connections."""
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        for task in self._tasks:
            task.cancel()

    async def closed(self) -> None:
        """Closes, and waits until the last connection is gone."""
        self.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, listener: socket.socket) -> None:
        try:
            sock, _ = listener.accept()
        except OSError:
            # The caller has gone already, or no file descriptor is free now; the loop will call again.
            return
        sock.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._serve(sock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: sock.close())


class StandIn:
    """The whole stand-in: an async context manager, listening inside its block.

    `hosts`: more loopback addresses for the data ports, beside 127.0.0.1. Ports are 0 for any free one.
    `ca_pem`: the certificate of the authority that vouches for the TLS twin.
    """

    def __init__(
        self,
        keys: Iterable[Key],
        *,
        hosts: Sequence[str] = (),
        control_port: int = 0,
        port: int = 0,
        tls_port: int = 0,
        timing: Timing | None = None,
    ) -> None:
        self._hosts = list(dict.fromkeys([LOOPBACK, *hosts]))
        self._numbers = control_port, port, tls_port
        self._context, self.ca_pem = _authority(self._hosts)
        self._seen = Seen()
        self.faults = Faults(timing or Timing(), self._on_change)
        self._vendor = Vendor({key.name: key for key in keys}, self.faults, self._seen)
        self._control_handler = Control(self.faults, self._seen)
        self._ports: list[Port] = []

    async def __aenter__(self) -> Self:
        """Binds and listens. Raises OSError that names the address, if one is taken."""
        control, plain, secure = self._numbers
        try:
            self._ports.append(Port([LOOPBACK], control, self._serve_control))
            self._ports.append(Port(self._hosts, plain, partial(self._serve_data, context=None)))
            self._ports.append(Port(self._hosts, secure, partial(self._serve_data, context=self._context)))
        except OSError:
            await self.__aexit__()
            raise
        for port in self._ports:
            port.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.faults.stop_timer()
        for port in self._ports:
            await port.closed()

    @property
    def control_url(self) -> str:
        """Address of the control port, which always answers."""
        return f"http://{LOOPBACK}:{self._ports[0].number}"

    @property
    def port(self) -> int:
        """Number of the plain data port."""
        return self._ports[1].number

    @property
    def tls_port(self) -> int:
        """Number of its TLS twin."""
        return self._ports[2].number

    def _on_change(self) -> None:
        for port in self._ports[1:]:
            if self.faults.mode is Mode.REFUSE:
                port.refuse()
            else:
                port.listen()

    async def _serve_control(self, sock: socket.socket) -> None:
        wire = Wire()
        await attend(wire, sock, None, lambda: converse(wire, self._control_handler.handle))

    async def _serve_data(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        wire = FaultyWire(self.faults)
        with self._seen.connection():
            if context is not None and self.faults.mode is Mode.TLS_SILENT:
                await attend(wire, sock, None, lambda: first(wire.lost.wait(), self.faults.hang()))
            else:
                await attend(wire, sock, context, lambda: converse(wire, self._vendor.handle))


def _bound(host: str, number: int) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, number))
    except OSError as error:
        sock.close()
        problem = f"{host} port {number} cannot be served ({error.strerror}): choose another port"
        raise OSError(error.errno, problem) from error
    return sock


def _authority(hosts: Sequence[str]) -> tuple[ssl.SSLContext, bytes]:
    """A TLS context for the hosts, and the certificate of the fresh authority that signed it."""
    authority = trustme.CA(organization_name="Evenkeel demo", organization_unit_name="vendor stand-in")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert("localhost", *hosts).configure_cert(context)
    return context, authority.cert_pem.bytes()
