"""Two clerks and a kiosk at one clinic, in three browsers: nothing is lost, the loser reads who was first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.desk_people import arrive, card, open_desk, send_all_home
from tests.browser.people import Patient, check_in, go_to_last_page, wait_for_row
from tests.stack import Stack

CLICK = "selector => document.querySelector(selector).click()"
CALLS = "[[e.visit.ticket, e.user.first_name] for e in VisitEvent.objects.filter(verb='call', visit__ticket={!r})]"
GAPS = "[v.pk for v in Visit.objects.all() if v.events.count() != v.events.latest('sequence').sequence]"
WAITING = (
    "list(Visit.objects.filter(state='waiting').order_by('order_key', 'pk').values_list('ticket', flat=True))"
)


@pytest.fixture
def others(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Two more browsers."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 900}) for _one in range(2)]
    yield contexts
    for one in contexts:
        one.close()


@pytest.fixture
def desks(stack: Stack, context: BrowserContext, others: list[BrowserContext]) -> list[Page]:
    """Ana's and Mo's."""
    send_all_home(stack)
    return [open_desk(context, stack), open_desk(others[0], stack, "manager")]


def verb(ticket: str, name: str) -> str:
    return f".card[data-ticket='{ticket}'] [data-verb={name}]"


def test_loser_reads_who_was_first_in_the_bar_and_on_the_card(stack: Stack, desks: list[Page]) -> None:
    ana, mo = desks
    ticket = arrive(stack)
    for desk in desks:
        wait_for_row(desk, ticket, "waiting", 2)
    # Mo's page does not hear of Ana's call before he presses.
    mo.route("**/desk/board/", lambda route: route.abort())
    ana.evaluate(CLICK, verb(ticket, "call"))
    expect(ana.locator(".said")).to_contain_text(f"{ticket}: Call")
    mo.locator(verb(ticket, "call")).click()
    words = f"{ticket}: already called by Ana."
    expect(mo.locator(".said.is-error p")).to_have_text(words)
    expect(mo.locator(f".card[data-ticket='{ticket}'][data-state=called] .near")).to_have_text(words)
    expect(card(mo, ticket).locator("[data-verb=room]")).to_be_focused()
    mo.unroute("**/desk/board/")
    wait_for_row(mo, arrive(stack), "waiting", 6)
    expect(card(mo, ticket).locator(".near")).to_have_text(words)
    expect(card(mo, ticket).locator("[data-verb=room]")).to_be_focused()
    mo.get_by_role("link", name="Show the card").click()
    expect(card(mo, ticket)).to_be_in_viewport()
    assert stack.ask(CALLS.format(ticket)) == [[ticket, "Ana"]]


def test_three_browsers_hammer_one_clinic_and_nothing_is_lost(
    stack: Stack, desks: list[Page], others: list[BrowserContext]
) -> None:
    ana, kiosk = desks[0], others[1].new_page()
    check_in(kiosk, stack)
    ana.locator("#find").press_sequentially("mil")
    acts: list[tuple[Page, str]] = []
    for name in ("call", "step-out", "call", "left"):
        go_to_last_page(kiosk, stack, Patient())
        first = stack.ask(WAITING)[0]
        for desk in desks:
            wait_for_row(desk, first, "waiting", 3)
        kiosk.evaluate(CLICK, "[data-primary]")
        for desk in desks:
            desk.evaluate(CLICK, verb(first, name))
        kiosk.wait_for_url("**/ticket/")
        for desk in desks:
            expect(desk.locator(".said p")).to_contain_text(first)
            acts += [(desk, first)] if desk.locator(".said.is-error").count() == 0 else []
        assert len([1 for _desk, ticket in acts if ticket == first]) == 1, "one won, and one was told so"
        expect(ana.locator("#find")).to_be_focused()
        expect(ana.locator("#find")).to_have_value("mil")
    assert stack.ask(GAPS) == []
    for ticket in stack.ask(WAITING):
        for desk in desks:
            wait_for_row(desk, ticket, "waiting", 2)
