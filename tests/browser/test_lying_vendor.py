"""A vendor that says what is not true: its numbers are hints, and nothing waits for them to come true."""

from __future__ import annotations

import json
import time

import httpx
import jwt
import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.people import Patient, check_in, finish, go_to_last_page, open_monitor, wait_for_row
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("empty_clinic")


def publish(stack: Stack, number: str) -> None:
    """What only the holder of the publishing key could say, to every page of the clinic, past all our code."""
    env = json.loads((stack.home / "run.json").read_text())["env"]
    name, _, secret = env["ABLY_PUBLISH_KEY"].partition(":")
    claims = {"iat": int(time.time()), "exp": int(time.time()) + 60, "x-ably-capability": '{"*":["publish"]}'}
    token = jwt.encode(claims, secret, algorithm="HS256", headers={"kid": name})
    topic = stack.ask("Topic.objects.get().name")
    vendor = env["ABLY_STREAM_URL"].removesuffix("/sse")
    spec = [{"channels": [f"evenkeel:{topic}"], "messages": [{"data": number}]}]
    headers = {"Authorization": f"Bearer {token}"}
    httpx.post(f"{vendor}/messages", json=spec, headers=headers, timeout=5).raise_for_status()


@pytest.mark.parametrize("number", ["999999999", "-1", "none"])
def test_false_version_from_the_vendor_delays_nothing(stack: Stack, context: BrowserContext, number: str) -> None:
    monitor, kiosk = open_monitor(context, stack), context.new_page()
    expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both")
    publish(stack, number)
    for _patient in range(2):
        wait_for_row(monitor, check_in(kiosk, stack), "waiting", 1)


def test_message_that_cannot_be_read_is_passed_over(stack: Stack, context: BrowserContext) -> None:
    """As a stream leaves it that is cut in the middle of one. An error in the page would fail this test."""
    headers = {"Content-Type": "text/event-stream", "Access-Control-Allow-Origin": "*"}
    said = 'data: {"id":"\n\ndata: null\n\ndata: {"data":{}}\n\n'
    streams: list[str] = []

    def speak(route: Route) -> None:
        streams.append(route.request.url)
        route.fulfill(status=200, headers=headers, body=said)

    context.route("**/sse?*", speak)
    monitor, kiosk = open_monitor(context, stack), context.new_page()
    go_to_last_page(kiosk, stack, Patient())
    assert streams
    wait_for_row(monitor, finish(kiosk), "waiting", 1)


def test_false_version_from_the_vendor_is_worth_one_look(stack: Stack, context: BrowserContext) -> None:
    monitor, looks = open_monitor(context, stack), list[str]()
    expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both")
    monitor.on("request", lambda request: looks.append(request.url) if "/board/" in request.url else None)
    with monitor.expect_request("**/monitor/board/", timeout=30_000):
        publish(stack, "999999999")
    # Long enough for a page that believes it to have asked again: it does so within 1.1 s.
    monitor.wait_for_timeout(2500)
    assert len(looks) == 1
