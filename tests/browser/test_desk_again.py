"""A press whose server process dies or is silent: the page sends it again by itself, and it is done once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.desk_people import arrive, card, open_desk, send_all_home
from tests.browser.people import wait_for_row
from tests.stack import Stack

PRESSES = "**/desk/visits/**"
EVENTS = "VisitEvent.objects.filter(visit__ticket={!r}, verb={!r}).count()"
SILENT = "The server is silent. Your press is sent again by itself, and counts once."
GAVE_UP = "The server did not answer. Press again: it counts once."


@pytest.fixture
def desk(stack: Stack, context: BrowserContext) -> Page:
    send_all_home(stack)
    return open_desk(context, stack)


@pytest.fixture
def ticket(stack: Stack, desk: Page) -> Iterator[str]:
    """Of somebody who waits, and is on the page."""
    ticket = arrive(stack)
    wait_for_row(desk, ticket, "waiting", 2)
    yield ticket


class Trouble:
    """On the way to the server: each of `answers` is for one press, then all is well. `pressed`: what was sent."""

    def __init__(self, context: BrowserContext, pattern: str, *answers: str) -> None:
        self.answers, self.pressed = list(answers), list[str]()
        context.route(pattern, self.take)

    def take(self, route: Route) -> Any:
        self.pressed.append(route.request.post_data or "")
        what = self.answers.pop(0) if self.answers else "well"
        if what == "well":
            return route.continue_()
        if what == "lost":
            # Done; whoever pressed does not hear of it.
            route.fetch(max_redirects=0)
        return route.fulfill(status=int(what), body="away") if what.isdigit() else route.abort()


@pytest.mark.parametrize("trouble", ["lost", "cut", "502", "503", "504"])
def test_press_that_was_not_answered_is_sent_again_and_done_once(
    stack: Stack, context: BrowserContext, desk: Page, ticket: str, trouble: str
) -> None:
    way = Trouble(context, PRESSES, trouble, trouble)
    card(desk, ticket).locator("[data-verb=call]").click()
    expect(desk.locator(".said p").first).to_contain_text(f"{ticket}: Call")
    expect(desk.locator(".said.is-error")).to_have_count(0)
    assert len(way.pressed) == 3 and len(set(way.pressed)) == 1, "the same words each time"
    assert stack.ask(EVENTS.format(ticket, "call")) == 1
    wait_for_row(desk, ticket, "called", 2)


def test_undo_whose_answer_was_lost_undoes_once(
    stack: Stack, context: BrowserContext, desk: Page, ticket: str
) -> None:
    card(desk, ticket).locator("[data-verb=call]").click()
    Trouble(context, PRESSES, "lost")
    desk.locator(".desk-said [data-verb=undo]").click()
    expect(desk.locator(".said p").first).to_contain_text(f"{ticket}: Undo")
    wait_for_row(desk, ticket, "waiting", 2)
    assert stack.ask(EVENTS.format(ticket, "undo")) == 1


def test_call_next_whose_answer_was_lost_calls_one(
    stack: Stack, context: BrowserContext, desk: Page, ticket: str
) -> None:
    second = arrive(stack)
    wait_for_row(desk, second, "waiting", 2)
    Trouble(context, "**/desk/call-next/**", "lost", "lost")
    desk.locator("#call-next").click()
    expect(desk.locator(".said p").first).to_contain_text(f"{ticket}: Call")
    wait_for_row(desk, ticket, "called", 2)
    wait_for_row(desk, second, "waiting", 2)


def test_card_says_what_happens_meanwhile_and_what_to_do_when_nobody_answers(
    stack: Stack, context: BrowserContext, desk: Page, ticket: str
) -> None:
    way = Trouble(context, PRESSES, *["lost"] * 50)
    card(desk, ticket).locator("[data-verb=call]").click()
    near = desk.locator(f".card[data-ticket='{ticket}'] .near")
    expect(near).to_have_text(SILENT)
    expect(near).to_have_text(GAVE_UP, timeout=15_000)
    expect(desk.locator(".said.is-error p")).to_have_text(GAVE_UP)
    assert 4 <= len(way.pressed) < 20
    assert stack.ask(EVENTS.format(ticket, "call")) == 1
    way.answers.clear()
    card(desk, ticket).locator("[data-verb=room]").click()
    expect(desk.locator(".said p").first).to_contain_text(f"{ticket}: ")
    expect(near).to_have_count(0)


def test_second_tap_in_the_pause_after_a_long_try_is_none(
    context: BrowserContext, desk: Page, ticket: str
) -> None:
    """By then the lock of the first tap has opened by itself; the page's clock stands still in the pause."""
    desk.clock.install()
    desk.reload()
    desk.clock.pause_at(desk.evaluate("Date.now() + 1000"))
    pressed: list[str] = []

    def silent(route: Route) -> None:
        pressed.append(route.request.url)
        desk.clock.fast_forward(5_000)
        route.abort()

    context.route(PRESSES, silent, times=1)
    card(desk, ticket).locator("[data-verb=call]").click()
    expect(desk.locator(f".card[data-ticket='{ticket}'] .near")).to_have_text(SILENT)
    context.on("request", lambda one: pressed.append(one.url) if "/desk/visits/" in one.url else None)
    card(desk, ticket).locator("[data-verb=call]").click()
    assert len(pressed) == 1
    desk.clock.run_for(1_500)
    expect(desk.locator(".said p").first).to_contain_text(f"{ticket}: Call")
    assert len(pressed) == 2


def test_servers_own_error_is_not_asked_for_again(context: BrowserContext, desk: Page, ticket: str) -> None:
    way = Trouble(context, PRESSES, "500")
    card(desk, ticket).locator("[data-verb=call]").click()
    expect(desk.locator(".said.is-error p")).to_have_text(GAVE_UP)
    assert len(way.pressed) == 1
