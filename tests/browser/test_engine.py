"""The engine's page keeps itself fresh, and leaves alone what a person is at."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, expect

from tests.browser.people import check_in, log_in
from tests.stack import Stack

FIGURE = ".figures div:nth-child(4) dd"
WORDS = "they move house on"


def test_page_follows_without_losing_a_half_typed_reason(stack: Stack, context: BrowserContext) -> None:
    page = log_in(context, stack, "ops", "/ops/engine/")
    page.evaluate("window.sameDocument = true")
    page.locator("details summary").first.click()
    reason = page.locator("details [name=reason]").first
    reason.press_sequentially(WORDS)
    before = page.locator(FIGURE).first.inner_text()
    check_in(context.new_page(), stack)
    page.bring_to_front()
    expect(page.locator(FIGURE).first).not_to_have_text(before)
    expect(reason).to_have_value(WORDS)
    expect(reason).to_be_focused()
    assert page.evaluate("window.sameDocument && document.querySelector('details').open")


def test_form_for_what_a_colleague_did_is_replaced_or_marked(stack: Stack, context: BrowserContext) -> None:
    typed = log_in(context, stack, "ops", "/ops/engine/")
    untouched, colleague = context.new_page(), context.new_page()
    for page in (untouched, colleague):
        page.goto(f"{stack.url}/ops/engine/")
    for page in (typed, untouched, colleague):
        page.locator("details summary").first.click()
    typed.locator("details [name=reason]").first.fill(WORDS)
    colleague.locator("details [name=reason]").first.fill("a drill")
    colleague.locator("[data-verb=pause]").first.click()
    expect(colleague).to_have_title(re.compile("^Paused: "))
    untouched.bring_to_front()
    expect(untouched.locator("[data-verb=resume]").first).to_be_visible()
    expect(untouched).to_have_title(re.compile("is paused"))
    typed.bring_to_front()
    expect(typed.locator("[data-stale]").first).to_have_text("Somebody else was first: it is paused already.")
    expect(typed.locator("details [name=reason]").first).to_have_value(WORDS)
    colleague.bring_to_front()
    colleague.locator("details summary", has_text="Resume").click()
    colleague.locator("[data-verb=resume]").click()
    expect(colleague.locator(".word").first).to_have_text("Well")


def test_page_says_how_old_it_is_and_recovers(stack: Stack, context: BrowserContext) -> None:
    context.clock.install()
    page = log_in(context, stack, "ops", "/ops/engine/")
    old = page.locator("[data-old]")
    expect(old).to_be_hidden()
    page.route("**/ops/engine/", lambda route: route.abort())
    context.clock.run_for(30_000)
    expect(old).to_contain_text("The server has not answered since")
    page.unroute("**/ops/engine/")
    context.clock.run_for(10_000)
    expect(old).to_be_hidden()


def test_page_of_one_who_is_logged_out_is_the_log_in(stack: Stack, context: BrowserContext) -> None:
    page = log_in(context, stack, "ops", "/ops/engine/")
    context.clear_cookies()
    page.wait_for_url("**/login/**")


def test_without_script_the_page_and_its_levers_are_there(stack: Stack, context: BrowserContext) -> None:
    address = f"{stack.url}/ops/engine/"
    page = log_in(context, stack, "ops", "/ops/engine/")
    page.route("**/engine.*.js", lambda route: route.abort())
    page.goto(address)
    page.locator("details summary").first.click()
    page.locator("details [name=reason]").first.fill("a drill")
    page.locator("[data-verb=pause]").first.click()
    expect(page.locator(".word").first).to_have_text("Paused")
    page.locator("details summary", has_text="Resume").click()
    page.locator("[data-verb=resume]").click()
    expect(page.locator(".word").first).to_have_text("Well")
