"""The whole kiosk in Arabic: written from the right, every page mirrored, digits and tickets as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.layout import faults
from tests.browser.people import Patient, answer_page
from tests.stack import Stack

UPRIGHT = {"width": 1080, "height": 1920}
LAYLA = Patient(given_name="ليلى", family_name="حداد", language="ar")
OFFERS = """
from clinic import demo
device = demo.device("kiosk")
device.languages = {languages}
device.save(update_fields=["languages"])
"""
# Where the first and the last letter of a text are drawn.
ENDS = """node => {
    const text = document.createTreeWalker(node, NodeFilter.SHOW_TEXT).nextNode();
    const at = n => { const one = document.createRange(); one.setStart(text, n); one.setEnd(text, n + 1);
                      return one.getBoundingClientRect().x; };
    return [at(0), at(text.length - 1)];
}"""

# How far the text of each answer is from the line on which the questions begin.
STARTS = """node => [...node.querySelectorAll("dt, dd:not(.change)")].map(one => {
    const text = document.createRange(); text.selectNodeContents(one);
    return Math.round(node.getBoundingClientRect().right - text.getBoundingClientRect().right);
})"""


@pytest.fixture
def kiosk(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A kiosk that offers Arabic, upright."""
    stack.shell.run(OFFERS.format(languages=["en", "es", "ar"]))
    context = browser.new_context(viewport=UPRIGHT, reduced_motion="reduce")
    yield context.new_page()
    context.close()
    stack.shell.run(OFFERS.format(languages=[]))


def middle(one: Locator) -> float:
    box = one.bounding_box()
    assert box
    return box["x"] + box["width"] / 2


def onward(page: Page) -> None:
    with page.expect_navigation():
        page.locator("[data-primary]").click()


def check_summary(page: Page) -> None:
    """Each answer begins where its question does, a phone number too, and is as it was written."""
    summary = page.locator(".summary").first
    for words in ("ليلى حداد", "17 إبريل 1985", "(202) 555-0143"):
        expect(summary).to_contain_text(words)
    assert set(summary.evaluate(STARTS)) == {0}


def check_mirrored(page: Page) -> None:
    """What is at the start of a line in English is on the right here, and reads from there."""
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    assert faults(page) == [] and violations(page) == []
    help_ = page.locator(".help button")
    if help_.count():
        assert middle(help_) > UPRIGHT["width"] / 2
    back = page.locator(".actions a.button:has(.onward)")
    if back.count():
        assert middle(back) > middle(page.locator("[data-primary]"))
        assert (
            back.locator(".onward").evaluate("one => getComputedStyle(one).transform")
            == "matrix(-1, 0, 0, 1, 0, 0)"
        )


def test_whole_check_in_in_arabic(kiosk: Page, stack: Stack) -> None:
    kiosk.goto(f"{stack.url}/kiosk/")
    assert middle(kiosk.locator(".help button")) < UPRIGHT["width"] / 2
    answer_page(kiosk, LAYLA)
    onward(kiosk)
    pages = 1
    while not kiosk.locator("[data-ticket]").count():
        check_mirrored(kiosk)
        answer_page(kiosk, LAYLA)
        if kiosk.url.endswith("/check/"):
            check_summary(kiosk)
        onward(kiosk)
        pages += 1
    assert pages <= 7
    check_mirrored(kiosk)
    ticket = kiosk.locator("[data-ticket]")
    assert re.fullmatch(r"[A-Z][0-9]{2,3}", ticket.inner_text())
    first, last = ticket.evaluate(ENDS)
    assert first < last


def test_digit_keys_stay_in_their_order(kiosk: Page, stack: Stack) -> None:
    kiosk.goto(f"{stack.url}/kiosk/")
    answer_page(kiosk, LAYLA)
    for path in ("arrival", "name", "birth"):
        onward(kiosk)
        kiosk.wait_for_url(f"**/kiosk/{path}/")
        answer_page(kiosk, LAYLA)
    kiosk.locator("[name=birth_day]").focus()
    keys = [kiosk.locator("[data-keypad] button", has_text=re.compile(f"^{digit}$")) for digit in "123"]
    places = [middle(key) for key in keys]
    assert places == sorted(places)
    kiosk.locator("[name=birth_day]").fill("")
    keys[0].click()
    keys[1].click()
    expect(kiosk.locator("[name=birth_day]")).to_have_value("12")
