"""The vendor's streams of a page by Chromium's own word: when each was asked for, and when it ended."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.people import open_monitor
from tests.stack import Stack
from tests.waiting import until


class Streams:
    """Watches one page's requests to the vendor's data port. Times are epoch seconds."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self._home = f"http://127.0.0.1:{json.loads((stack.home / 'demo.json').read_text())['ports']['plain']}/"
        self.begun: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self._ahead = 0.0
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.on("Network.requestWillBeSent", self._begins)
        for end in ("Network.loadingFailed", "Network.loadingFinished"):
            self._cdp.on(end, self._ends)
        self._cdp.send("Network.enable")

    def open(self) -> set[str]:
        return set(self.begun) - set(self.ended)

    def _begins(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith(self._home):
            # Ends are told by another clock than wall time.
            self._ahead = event["wallTime"] - event["timestamp"]
            self.begun[event["requestId"]] = event["wallTime"]

    def _ends(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.begun:
            self.ended[event["requestId"]] = event["timestamp"] + self._ahead


def watched_monitor(context: BrowserContext, stack: Stack) -> tuple[Page, Streams]:
    """A wait-room screen with both of its paths up, and what Chromium says of its streams."""
    monitor = open_monitor(context, stack)
    # Its own stream, which nobody says the end of, is open before the count begins.
    expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both", timeout=10_000)
    streams = Streams(monitor, stack)
    monitor.reload()
    expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both", timeout=10_000)
    # What Chromium says is heard while it is asked something.
    until(
        lambda: monitor.evaluate("1") and len(streams.open()) == 1,
        5,
        "not one stream is open",
    )
    return monitor, streams
