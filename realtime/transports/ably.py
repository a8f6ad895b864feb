"""The vendor's path: one batched publish of (topic, version) pairs, once, under the hard deadline.

The SDK's own word is not enough: its batch call reports success when a channel failed, and raises nothing on 429.
So a topic counts as sent only when the answer names it without an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ably.sync import AblyRestSync
from django.conf import settings

from realtime import counted, deadline, switch, tokens
from realtime.connections import Connections
from realtime.plain import one_line
from realtime.transports.base import Notice, Outcome

API_VERSION = "3"
MOST_TOPICS = 100
SECONDS = 1.0
STOPPED = "the switch went off during the call"


class AblyTransport:
    """One SDK client for one drain; `close` it at the end, since an idle connection is a vendor connection too."""

    def __init__(self) -> None:
        self._line: _Line | None = None

    def send(self, notices: Sequence[Notice]) -> Outcome:
        """Publishes up to MOST_TOPICS notices in one request, which the gate has just allowed."""
        specs = [{"channels": [tokens.channel(n.topic)], "messages": [{"data": str(n.version)}]} for n in notices]
        try:
            # Made here, not in the call: a late call must find the line that was closed, never make a new one.
            line = self._ready_line()
            items = deadline.run(lambda: line.publish(specs), seconds=SECONDS, close=line.close)
            return _outcome(items, notices)
        except Exception as error:
            return self._failed(error)

    def _ready_line(self) -> _Line:
        if self._line and self._line.connections.ended:
            self.close()
        self._line = self._line or _Line()
        self._line.connections.under = switch.known_version()
        return self._line

    def _failed(self, error: Exception) -> Outcome:
        is_stopped = self._line is not None and self._line.connections.are_forbidden
        # Whatever a call that missed its deadline still holds is closed by a thread of its own.
        if isinstance(error, deadline.DeadlineMissed) and not isinstance(error, deadline.Exhausted):
            self._line = None
        self.close()
        if is_stopped:
            return Outcome(problem=STOPPED, is_ours=True)
        if isinstance(error, deadline.DeadlineMissed):
            counted.MISSES.count("vendor")
            return Outcome(problem=str(error), is_ours=isinstance(error, deadline.Exhausted))
        return Outcome(problem=one_line(f"{type(error).__name__}: {error}")[:200])

    def close(self) -> None:
        """Ends the connection, if there is one; the next publish of this drain starts afresh."""
        line, self._line = self._line, None
        if line is not None:
            line.close()


class _Line:
    """An SDK client, which can close the connections that it has, and all that it makes, also one under way."""

    def __init__(self) -> None:
        self.client, self.connections = _client(), Connections()

    def publish(self, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with self.connections.made_here():
            return _publish(self.client, specs)

    def close(self) -> None:
        self.connections.end()
        self.client.close()


def sdk(**options: Any) -> AblyRestSync:
    """The vendor's client with a worker's token, speaking JSON; but for these options as the vendor ships it."""
    where = {"token": tokens.for_worker(), "use_binary_protocol": False, **settings.ABLY_CLIENT}
    return AblyRestSync(**where, **options)


def _client() -> AblyRestSync:
    return sdk(
        http_open_timeout=SECONDS / 2,
        http_request_timeout=SECONDS,
        http_max_retry_count=1,
        fallback_hosts=[],
    )


def _publish(client: AblyRestSync, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = client.request("POST", "/messages", API_VERSION, body=specs)
    if not answer.success:
        raise RuntimeError(f"vendor answered {answer.status_code} {answer.error_code or ''}".strip())
    return list(answer.items)


def _outcome(items: Iterable[dict[str, Any]], notices: Sequence[Notice]) -> Outcome:
    results = [result for item in items for result in item.get("results", [])]
    named = {r.get("channel") for r in results if r.get("messageId") and not r.get("error")}
    confirmed = frozenset(n.topic for n in notices if tokens.channel(n.topic) in named)
    if len(confirmed) == len(notices):
        return Outcome(confirmed)
    errors = [str(r["error"].get("message", "refused")) for r in results if r.get("error")]
    said = one_line("; ".join(errors))[:160] or "no word on some"
    return Outcome(confirmed, problem=f"vendor did not confirm all: {said}")
