"""Planted patient data is in no vendor traffic, job, log line, address or wait-room page."""

from __future__ import annotations

import json
import re
import time

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests import canaries
from tests.browser.people import Patient, check_in, log_in, open_monitor, press, wait_for_row
from tests.stack import Stack
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("empty_clinic")

PLANTED = Patient(
    given_name="Xanthippe", family_name="Quillfeather", birth_month="11", birth_day="23", birth_year="1957",
    phone="202 555 0187",
)  # fmt: skip
MARKS = ["xanthippe", "quillfeather", "2025550187", "555-0187", "555 0187", "1957-11-23", "11/23/1957"]


def test_patient_data_stays_where_it_belongs(stack: Stack, context: BrowserContext) -> None:
    addresses: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))
    monitor, desk = open_monitor(context, stack), log_in(context, stack, "desk", "/desk/")
    ticket = check_in(context.new_page(), stack, PLANTED)
    press(desk, ticket, "call")
    wait_for_row(monitor, ticket, "called", 2)
    until(lambda: stack.seen()["requests"], 5)
    places = {
        "vendor": str(stack.seen()),
        "addresses": "\n".join(addresses),
        "monitor": monitor.content(),
        "logs": "\n".join(log.read_text() for log in (stack.home / "logs").glob("*.log")),
        "redis": canaries.in_redis(stack.redis()),
        "figures": httpx.get(f"{stack.url}/metrics", trust_env=False).text,
    }
    for place, text in places.items():
        assert text, place
        assert [mark for mark in MARKS if mark in text.lower()] == [], place


def test_vendor_sees_topics_and_numbers_only(stack: Stack, context: BrowserContext) -> None:
    began = time.time()
    check_in(context.new_page(), stack)

    def published() -> list[str]:
        return [one["body"] for one in stack.seen()["requests"] if one["method"] == "POST" and one["at"] > began]

    until(published, 5)
    for spec in [spec for body in published() for spec in json.loads(body)]:
        assert set(spec) == {"channels", "messages"}
        assert all(re.fullmatch(r"evenkeel:[a-z2-7]{26}", name) for name in spec["channels"])
        assert all(set(m) == {"data"} and m["data"].isdecimal() for m in spec["messages"])
