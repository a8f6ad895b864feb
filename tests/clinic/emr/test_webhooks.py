from __future__ import annotations

import base64

import httpx
import pytest

from clinic.emr import Beside
from tests.clinic.emr.peers import PLAIN, VISIT, Hook, event

OTHER_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()


def test_signed_message_is_taken_once_and_counted_each_time(records: Beside, hook: Hook) -> None:
    assert [hook.post("KEY1", event()).json() for _n in range(2)] == [{"taken": "KEY1"}] * 2
    (entry,) = records.entries("webhook")
    assert (
        entry.items() >= {"key": "KEY1", "type": "visit.waiting", "visit": VISIT, "times": 2, "same": True}.items()
    )
    assert len(entry["came"]) == 2 and entry["at"] == entry["came"][0]
    assert records.received()["violations"] == []


@pytest.mark.parametrize(("secret", "age"), [(OTHER_SECRET, 0), (Hook.secret, 301), (Hook.secret, -301)])
def test_wrong_signature_or_age_is_not_taken(records: Beside, secret: str, age: float) -> None:
    assert Hook(records, secret).post("KEY1", event(), age=age).status_code == 401
    assert records.received()["count"] == 0


def test_no_signature_at_all_is_not_taken(records: Beside) -> None:
    assert httpx.post(records.hook_url, content=event(), **PLAIN).status_code == 401


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"type": "x", "data": []', '{"type": "x", "data": {"visit": 1}}']
)
def test_body_that_is_no_event_is_refused(records: Beside, hook: Hook, body: str) -> None:
    assert hook.post("KEY1", body).status_code == 400
    assert records.received()["count"] == 0


def test_same_key_with_another_body_is_refused_and_noted(records: Beside, hook: Hook) -> None:
    hook.post("KEY1", event(1))
    assert hook.post("KEY1", event(2)).status_code == 422
    (entry,), (blame,) = records.entries("webhook"), records.received()["violations"]
    assert (entry["times"], entry["same"]) == (1, False)
    assert (blame["what"], blame["key"]) == ("the same key with another body", "KEY1")


def test_order_is_kept_for_each_visit_by_its_sequence(records: Beside, hook: Hook) -> None:
    for key, sequence, visit in [("A", 1, "a"), ("B", 3, "b"), ("C", 4, "a"), ("D", 2, "b"), ("A", 1, "a")]:
        assert hook.post(key, event(sequence, visit)).status_code == 200
    assert [(one["key"], one["what"]) for one in records.received()["violations"]] == [
        ("D", "out of order: 2 after 3")
    ]
    assert [one["key"] for one in records.entries("webhook")] == ["A", "B", "C", "D"]
