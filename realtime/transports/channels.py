"""Our own path: one send on the Channels layer, heard by the hub of every web process."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from channels.layers import get_channel_layer

from realtime import redis_link
from realtime.transports.base import Notice, Outcome

GROUP = "hubs"


class ChannelsTransport:
    """For jobs: sends and waits until Redis took it. `announce` uses `tell_hubs`, which does not wait."""

    def send(self, notices: Sequence[Notice]) -> Outcome:
        sent = tell_hubs({"type": "notices", "notices": [[n.topic, n.version] for n in notices]})
        try:
            if sent is not None and sent.result(timeout=4 * redis_link.PATIENCE):
                return Outcome(frozenset(notice.topic for notice in notices))
        except FutureTimeout:
            pass
        return Outcome(problem="redis did not take it: the hubs' own look at the database will do")


def tell_hubs(message: dict[str, Any]) -> Any:
    """Sends one message to all hubs, soon. Returns the future of its success, or None when too much waits."""
    return redis_link.thread.soon(lambda: _send(message))


def _send(message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("no channel layer is configured")
    redis_link.thread.wait(layer.group_send(GROUP, message))
