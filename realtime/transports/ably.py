"""The vendor's path: one batched publish of (topic, version) pairs, once, under the hard deadline.

The SDK's own word is not enough: its batch call reports success when a channel failed, and raises nothing on 429.
So a topic counts as sent only when the answer names it without an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ably.sync import AblyRestSync
from django.conf import settings

from realtime import deadline, tokens
from realtime.transports.base import Notice, Outcome

API_VERSION = "3"
MOST_TOPICS = 100
SECONDS = 1.0


class AblyTransport:
    """One SDK client for one drain; `close` it at the end, since an idle connection is a vendor connection too."""

    name = "ably"

    def __init__(self) -> None:
        self._client: AblyRestSync | None = None

    def send(self, notices: Sequence[Notice]) -> Outcome:
        """Publishes up to MOST_TOPICS notices in one request."""
        specs = [
            {"channels": [tokens.channel(n.topic)], "messages": [{"data": str(n.version)}]} for n in notices
        ]
        try:
            items = deadline.run(lambda: self._publish(specs), seconds=SECONDS, close=self.close)
        except Exception as error:
            self.close_soon()
            return Outcome(problem=f"{type(error).__name__}: {error}"[:200])
        return _outcome(items, notices)

    def close(self) -> None:
        """Ends the connection. Safe from any thread, and when there is none."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def close_soon(self) -> None:
        """After a failure: the next publish of this drain starts with a fresh client."""
        if deadline.stuck() == 0:
            self.close()

    def _publish(self, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self._client is None:
            self._client = _client()
        answer = self._client.request("POST", "/messages", API_VERSION, body=specs)
        if not answer.success:
            raise RuntimeError(f"vendor answered {answer.status_code} {answer.error_code or ''}".strip())
        return list(answer.items)


def _client() -> AblyRestSync:
    return AblyRestSync(
        token=tokens.for_worker(),
        use_binary_protocol=False,
        http_open_timeout=SECONDS / 2,
        http_request_timeout=SECONDS,
        http_max_retry_count=1,
        fallback_hosts=[],
        **settings.ABLY_CLIENT,
    )


def _outcome(items: Iterable[dict[str, Any]], notices: Sequence[Notice]) -> Outcome:
    results = [result for item in items for result in item.get("results", [])]
    named = {r.get("channel") for r in results if r.get("messageId") and not r.get("error")}
    confirmed = frozenset(n.topic for n in notices if tokens.channel(n.topic) in named)
    if len(confirmed) == len(notices):
        return Outcome(confirmed)
    errors = [r["error"].get("message", "refused") for r in results if r.get("error")]
    return Outcome(confirmed, problem=f"vendor did not confirm all: {'; '.join(errors)[:160] or 'no word on some'}")
