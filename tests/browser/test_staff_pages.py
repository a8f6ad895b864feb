"""The pages of managers and the engineer on call: nobody is kept out, nothing is clipped, targets are large."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import violations
from tests.browser.layout import faults
from tests.browser.people import check_in, log_in
from tests.stack import Stack

DESK, PHONE = {"width": 1366, "height": 768}, {"width": 320, "height": 640}
# What a finger meets; a link within a sentence may be smaller.
TARGETS = [("p a, li a, td a, th a, dd a, .crumbs a", 0.0), ("input[type=checkbox], input[type=radio]", 0.0)]
TARGETS += [("button, select, summary, .button, input", 44.0)]
FIRST_DESTINATION = "Destination.objects.order_by('pk').first().pk"
FIRST_KEY = "str(Delivery.objects.filter(destination=Destination.objects.order_by('pk').first()).first().key)"
LIST = """last name,first name,birth date,appointment date,appointment time
Lopez,Maria,1980-03-05,2030-11-26,14:30
Park,,never,2030-11-26,14:35
"""


@pytest.fixture(scope="module")
def pages(browser: Browser, stack: Stack) -> Iterator[dict[str, Page]]:
    """A page of each of these people, who are logged in; somebody has checked in, so that there are messages."""
    contexts = {
        who: browser.new_context(viewport=DESK, reduced_motion="reduce") for who in ("ops", "manager", "nobody")
    }
    check_in(contexts["nobody"].new_page(), stack)
    yield {
        "ops": log_in(contexts["ops"], stack, "ops", "/ops/"),
        "manager": log_in(contexts["manager"], stack, "manager", "/desk/"),
        "nobody": contexts["nobody"].new_page(),
    }
    for context in contexts.values():
        context.close()


def addresses(stack: Stack) -> dict[str, list[str]]:
    engine = f"/ops/engine/{stack.ask(FIRST_DESTINATION)}/"
    message = f"{engine}{stack.ask(FIRST_KEY)}/"
    return {
        "ops": ["/ops/", "/ops/engine/", engine, message, f"{engine}resend/"],
        "manager": ["/audit/", "/desk/bookings/", "/nowhere/"],
        "nobody": ["/login/", "/nowhere/"],
    }


def wrong_with(page: Page) -> list[str]:
    """What is wrong in either scheme, at a desk, on a phone, and with letters of twice the size."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {one}" for one in violations(page)]
    found += [f"at a desk: {one}" for one in faults(page, TARGETS)]
    page.set_viewport_size(PHONE)
    found += [f"320 px wide: {one}" for one in faults(page, TARGETS)]
    page.set_viewport_size(DESK)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found += [f"letters twice the size: {one}" for one in faults(page)]
    return found


def test_no_page_keeps_anybody_out(stack: Stack, pages: dict[str, Page]) -> None:
    found = {}
    for who, paths in addresses(stack).items():
        for path in paths:
            pages[who].goto(stack.url + path)
            found[f"{who} at {path}"] = wrong_with(pages[who])
    assert [f"{page}: {one}" for page, wrong in found.items() for one in wrong] == []


def test_list_of_bookings_that_has_errors_keeps_nobody_out(stack: Stack, pages: dict[str, Page]) -> None:
    page = pages["manager"]
    page.goto(f"{stack.url}/desk/bookings/")
    page.locator("textarea").fill(LIST)
    page.locator("main [type=submit], main button.is-main").first.click()
    page.wait_for_load_state()
    assert page.locator("[data-line]").count() == 2
    # A table of seven columns may be moved sideways within its own box.
    assert [one for one in wrong_with(page) if "scrolls sideways: section" not in one] == []
