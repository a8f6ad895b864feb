"""The two ways to publish: a batch over channels, and messages to one channel."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from realtime.standin.auth import Grant
from realtime.standin.broker import Broker
from realtime.standin.errors import VendorError, bad_request
from realtime.standin.faults import Faults, Mode
from realtime.standin.wire import Reply

MOST_CHANNELS = 100
MOST_MESSAGES = 1000


@dataclass(frozen=True)
class BatchSpec:
    """Messages that go, all of them, to each of the channels."""

    channels: list[str]
    messages: list[dict[str, Any]]

    @classmethod
    def parse(cls, value: object) -> BatchSpec:
        """From `{"channels": name or names, "messages": one or many}`. Raises VendorError."""
        if not isinstance(value, dict):
            raise bad_request("a batch spec is an object with channels and messages")
        return cls(_channels(value.get("channels")), _messages(value.get("messages")))


class Publisher:
    """Publishes for a grant. In mode `deaf` it says yes and does nothing."""

    def __init__(self, broker: Broker, faults: Faults) -> None:
        self._broker = broker
        self._faults = faults

    def batch(self, grant: Grant, body: bytes) -> Reply:
        """201 with one summary for each spec: counts, and a result for each channel. Raises VendorError."""
        value = _decoded(body)
        specs = [BatchSpec.parse(item) for item in (value if isinstance(value, list) else [value])]
        if not specs:
            raise bad_request("a batch holds at least one spec")
        failures = self._failures(sum(len(spec.channels) for spec in specs))
        summaries = [self._summary(grant, spec, failures) for spec in specs]
        return Reply.json(201, summaries if isinstance(value, list) else summaries[0])

    def single(self, grant: Grant, channel: str, body: bytes) -> Reply:
        """201 with the channel and the message id. Raises VendorError."""
        messages = _messages(_decoded(body))
        if self._faults.mode is Mode.PARTIAL:
            raise _failure()
        message_id = self._publish(grant, channel, messages)
        return Reply.json(201, {"channel": channel, "messageId": message_id, "serials": []})

    def _failures(self, channels: int) -> Iterator[bool]:
        """Whether each channel of a batch is to fail: in mode `partial` every second one, and a lone one."""
        partial = self._faults.mode is Mode.PARTIAL
        return iter([partial and (index % 2 == 1 or channels == 1) for index in range(channels)])

    def _summary(self, grant: Grant, spec: BatchSpec, failures: Iterator[bool]) -> dict[str, Any]:
        results = [self._result(grant, name, spec.messages, next(failures)) for name in spec.channels]
        failed = sum("error" in result for result in results)
        return {"successCount": len(results) - failed, "failureCount": failed, "results": results}

    def _result(self, grant: Grant, channel: str, messages: list[dict[str, Any]], fails: bool) -> dict[str, Any]:
        try:
            if fails:
                raise _failure()
            return {"channel": channel, "messageId": self._publish(grant, channel, messages)}
        except VendorError as error:
            return {"channel": channel, "error": error.info()}

    def _publish(self, grant: Grant, channel: str, messages: list[dict[str, Any]]) -> str:
        grant.demand("publish", channel)
        message_id = secrets.token_urlsafe(8)
        if self._faults.mode is not Mode.DEAF:
            envelopes = [_envelope(f"{message_id}:{i}", channel, m) for i, m in enumerate(messages)]
            self._broker.publish(channel, envelopes)
        return message_id


def _envelope(message_id: str, channel: str, message: dict[str, Any]) -> dict[str, Any]:
    """The message as subscribers get it; data that is not a string becomes JSON in one."""
    envelope = {"id": message_id, "timestamp": int(time.time() * 1000), **message, "channel": channel}
    if not isinstance(envelope.get("data", ""), str):
        envelope |= {"data": json.dumps(envelope["data"], separators=(",", ":")), "encoding": "json"}
    return envelope


def _failure() -> VendorError:
    return VendorError(500, 50000, "the stand-in fails this channel, as it was told to")


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise bad_request("the body is not JSON") from error


def _channels(value: object) -> list[str]:
    names: list[Any] = value if isinstance(value, list) else [value]
    if not 0 < len(names) <= MOST_CHANNELS or not all(name and isinstance(name, str) for name in names):
        raise bad_request(f"channels is a name or a list of 1 to {MOST_CHANNELS} names")
    return names


def _messages(value: object) -> list[dict[str, Any]]:
    messages: list[Any] = value if isinstance(value, list) else [value]
    if not 0 < len(messages) <= MOST_MESSAGES or not all(isinstance(message, dict) for message in messages):
        raise bad_request(f"messages is an object or a list of 1 to {MOST_MESSAGES} objects")
    return messages
