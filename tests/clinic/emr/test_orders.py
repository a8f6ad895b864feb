"""How faults are ordered and end, and what is told at the control address."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from clinic.emr import Beside
from tests.clinic.emr.peers import PLAIN, Hook, adt, event, send
from tests.waiting import until


def order(address: str, **said: Any) -> httpx.Response:
    return httpx.post(f"{address}/__fault", json=said, **PLAIN)


def test_fault_of_one_protocol_leaves_the_other_well(records: Beside, hook: Hook) -> None:
    assert order(records.control_url, mode="error", **{"for": "mllp"}).json()["mode"] == ""
    assert hook.post("KEY1", event()).status_code == 200
    assert str(send(records, adt("KEY2"))["MSA"][0][1]) == "AE"


def test_fault_for_a_number_of_messages_ends_by_itself(records: Beside, hook: Hook) -> None:
    order(records.control_url, mode="reject", **{"for": 2})
    assert [hook.post(f"KEY{n}", event(n)).status_code for n in range(3)] == [422, 422, 200]
    order(records.control_url, mode="error", count=1, **{"for": "mllp"})
    assert [str(send(records, adt(f"M{n}"))["MSA"][0][1]) for n in range(2)] == ["AE", "AA"]


def test_fault_for_some_seconds_ends_by_itself(records: Beside) -> None:
    order(records.control_url, mode="refuse", seconds=0.05)
    until(lambda: httpx.get(f"{records.control_url}/__fault", **PLAIN).json()["mode"] == "ok")
    assert str(send(records, adt("KEY1"))["MSA"][0][1]) == "AA"


def test_http_port_answers_for_itself_unless_it_is_closed(records: Beside) -> None:
    address = records.hook_url.removesuffix("/hook")
    order(records.control_url, mode="silent")
    assert httpx.get(f"{address}/received", **PLAIN).json()["count"] == 0
    assert order(address, mode="ok").json()["mode"] == "ok"
    order(records.control_url, mode="refuse")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/received", **PLAIN)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"mode": "nonsense"},
        {"mode": "ok", "seconds": 0},
        {"mode": "ok", "seconds": "1"},
        {"mode": "ok", "ms": -1},
        {"mode": "ok", "count": 0},
        {"mode": "ok", "for": "fhir"},
        {"mode": "ok", "for": 0},
        {"mode": "ok", "for": True},
    ],
)
def test_order_that_makes_no_sense_is_refused_in_words(records: Beside, said: dict[str, Any]) -> None:
    answer = order(records.control_url, **said)
    assert answer.status_code == 400 and answer.json()["error"].endswith(".")


def test_order_that_is_no_json_and_unknown_addresses(records: Beside) -> None:
    address = records.control_url
    assert httpx.post(f"{address}/__fault", content=b"{", **PLAIN).status_code == 400
    assert httpx.get(f"{address}/elsewhere", **PLAIN).status_code == 404


def test_tail_and_reset(records: Beside, hook: Hook) -> None:
    for number in range(3):
        hook.post(f"KEY{number}", event(number))
    address = records.control_url
    found = json.loads(httpx.get(f"{address}/received?tail=1", **PLAIN).text)
    assert (found["count"], [one["key"] for one in found["received"]]) == (3, ["KEY2"])
    assert httpx.get(f"{address}/received?tail=0", **PLAIN).json()["received"] == []
    httpx.post(f"{address}/__reset", **PLAIN)
    assert records.received() == {"count": 0, "received": [], "violations": [], "statuses": {}}
