"""Signals as something to wait for, together with time."""

from __future__ import annotations

import signal
import socket
from types import FrameType, TracebackType
from typing import Self


class SignalPipe:
    """While open, the given signals wake `wait` instead of doing what they do by default.

    For the main thread only. Signals that come while nobody waits are kept for the next `wait`.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, _leave_to_wakeup) for number in self._numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._wakeup)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float | None) -> list[int]:
        """The numbers of the signals that came, as soon as one did; none after `seconds` (None: no limit)."""
        self._reader.settimeout(None if seconds is None else max(0.0, seconds))
        try:
            return list(self._reader.recv(4096))
        except (BlockingIOError, TimeoutError):
            return []


def _leave_to_wakeup(number: int, frame: FrameType | None) -> None:
    """Python writes the wakeup byte only for signals that have a handler."""
