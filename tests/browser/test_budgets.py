"""What a first load takes, in bytes and files as they cross the wire, and what a look at a full board takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.people import log_in
from tests.stack import Stack

KILO = 1000
# Kilobytes and files of a first load; of a page's look at a board of PATIENTS, kilobytes.
LOADS = {"kiosk": (60, 8), "monitor": (40, 6), "desk": (90, 10), "ops": (90, 10)}
LOOKS = {"monitor": 4, "desk": 8}
PATIENTS = 40

FILL = """
from datetime import date
from clinic.models import Clinic
from clinic.services import Actor, Answers, check_in
clinic = Clinic.objects.get(slug="harbor")
for n in range({many}):
    who = Answers(given_name=f"Budget{{n}}", family_name="Full", birth_date=date(1980, 1, 1))
    check_in(clinic, who, by=Actor())
"""


@dataclass
class Wire:
    """What a page has asked for since it was opened: each answer's bytes with its headers, compressed."""

    page: Page
    sizes: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._paths: dict[str, str] = {}
        session = self.page.context.new_cdp_session(self.page)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _answered(self, event: dict[str, Any]) -> None:
        self._paths[event["requestId"]] = event["response"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        path = self._paths.get(event["requestId"], event["requestId"])
        self.sizes[path] = self.sizes.get(path, 0) + event["encodedDataLength"]

    @property
    def kilobytes(self) -> float:
        return sum(self.sizes.values()) / KILO


@pytest.fixture(scope="module")
def full(stack: Stack, empty_clinic: None) -> None:
    """As many people wait as on the worst of days."""
    done = stack.manage("shell", "--no-imports", "-c", FILL.format(many=PATIENTS))
    assert done.returncode == 0, done.stderr


def first_load(context: BrowserContext, stack: Stack, name: str) -> Wire:
    if name in ("desk", "ops"):
        log_in(context, stack, "desk" if name == "desk" else "ops", f"/{name}/").close()
    wire = Wire(context.new_page())
    wire.page.goto(f"{stack.url}/{name}/", wait_until="load")
    return wire


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("name", sorted(LOADS))
def test_first_load_and_look_are_within_the_budget(browser: Browser, stack: Stack, name: str) -> None:
    context = browser.new_context()
    wire = first_load(context, stack, name)
    most, files = LOADS[name]
    before = {path: size for path, size in wire.sizes.items() if "/live/" not in path}
    assert sum(before.values()) / KILO < most and len(before) <= files, before
    if name in LOOKS:
        wire.page.evaluate(f"fetch('/{name}/board/', {{cache: 'no-store'}}).then(answer => answer.text())")
        look = next(size for path, size in wire.sizes.items() if path.endswith("/board/"))
        assert look / KILO < LOOKS[name]
    context.close()
