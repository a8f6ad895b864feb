"""Somebody at a kiosk needs a person: the desk sees it, and hears it until somebody goes."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.desk_people import ask_for_help, open_desk, send_all_home
from tests.stack import Stack

# What the page plays: whether again and again, the seconds of one time, whether it is loud; and that it stopped.
RECORD = """
window.played = [];
const { start, stop } = AudioBufferSourceNode.prototype;
AudioBufferSourceNode.prototype.start = function () {
  const isLoud = this.buffer.getChannelData(0).some((sample) => sample > 0.1);
  window.played.push([this.loop, this.buffer.duration, isLoud]);
  start.call(this);
};
AudioBufferSourceNode.prototype.stop = function () {
  window.played.push("stopped");
  stop.call(this);
};
"""


def sound(page: Page, state: str) -> None:
    expect(page.locator(".desk-page")).to_have_attribute("data-sound", state)


@pytest.fixture(autouse=True)
def nobody(stack: Stack) -> None:
    send_all_home(stack)


def test_alarm_is_seen_and_heard_until_somebody_goes(stack: Stack, context: BrowserContext) -> None:
    context.add_init_script(RECORD)
    open_desk(context, stack).close()
    ask_for_help(stack)
    # Nobody has touched this page: a browser plays nothing on it. (To ask it anything is a touch, for Playwright.)
    page = context.new_page()
    page.goto(f"{stack.url}/desk/")
    hint = page.get_by_role("button", name="Sound is off: click once")
    alarm = page.locator(".alarm")
    expect(alarm).to_be_visible()
    expect(alarm.get_by_role("alert")).to_contain_text("Help needed now")
    expect(page).to_have_title("(!) Front desk, Harbor Walk-in Clinic")
    sound(page, "off")
    expect(hint).to_be_visible()
    hint.click()
    sound(page, "ringing")
    expect(hint).to_be_hidden()
    assert page.evaluate("window.played") == [[True, 3, True]]
    page.mouse.wheel(0, 2000)
    expect(alarm).to_be_in_viewport()
    alarm.get_by_role("button").click()
    expect(alarm).to_have_count(0)
    sound(page, "ready")
    assert page.evaluate("window.played") == [[True, 3, True], "stopped"]
    expect(page).to_have_title("Front desk, Harbor Walk-in Clinic")


def test_colleague_who_goes_silences_every_desk(stack: Stack, context: BrowserContext) -> None:
    context.add_init_script(RECORD)
    pages = [open_desk(context, stack), context.new_page()]
    pages[1].goto(pages[0].url)
    for page in pages:
        page.mouse.click(1, 1)
        sound(page, "ready")
    ask_for_help(stack)
    for page in pages:
        sound(page, "ringing")
    pages[0].get_by_role("button", name="I am going").click()
    for page in pages:
        sound(page, "ready")


def test_alarm_reaches_a_clerk_who_checks_a_patient_in(stack: Stack, context: BrowserContext) -> None:
    context.add_init_script(RECORD)
    open_desk(context, stack).close()
    page = context.new_page()
    page.goto(f"{stack.url}/desk/check-in/")
    strip, name = page.locator(".strip"), page.locator("[name=given_name]")
    expect(strip).not_to_have_attribute("data-live", "poll")
    name.press_sequentially("Zo")
    ask_for_help(stack)
    alarm = strip.get_by_role("alert").filter(has_text="Help needed now")
    expect(alarm).to_be_in_viewport()
    expect(strip).to_have_attribute("data-sound", "ringing")
    expect(page).to_have_title("(!) Check a patient in")
    expect(name).to_be_focused()
    strip.get_by_role("button", name="I am going").click()
    expect(strip.locator(".alarm")).to_have_count(0)
    expect(strip).to_have_attribute("data-sound", "ready")
    expect(name).to_have_value("Zo")
    assert stack.ask("HelpRequest.objects.filter(taken_at=None).count()") == 0
