"""A parent and a child: one check-in, two tickets, called together; in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.people import Patient, answer_page, go_to_last_page, log_in, open_monitor, press, wait_for_row
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("empty_clinic")


def add(page: Page, patient: Patient) -> None:
    """One more person, from the check page back to it."""
    with page.expect_navigation():
        page.get_by_role("button", name="Add a person").click()
    for _page in range(3):
        answer_page(page, patient)
        with page.expect_navigation():
            page.locator("[data-primary]").click()


def test_family_checks_in_at_once_and_is_called_together(stack: Stack, context: BrowserContext) -> None:
    monitor = open_monitor(context, stack)
    desk = log_in(context, stack, "desk", "/desk/")
    kiosk = context.new_page()
    go_to_last_page(kiosk, stack, Patient("Ana", "Kowalska"))
    add(kiosk, Patient("Ola", "Kowalska", birth_year="2019"))
    kiosk.get_by_role("button", name="Yes, check us in").click()
    expect(kiosk.locator("[data-ticket]")).to_have_count(2)
    tickets = kiosk.locator("[data-ticket]").all_inner_texts()
    for ticket in tickets:
        wait_for_row(monitor, ticket, "waiting", 1)
        wait_for_row(desk, ticket, "waiting", 1)
    expect(desk.locator(f".card[data-ticket='{tickets[1]}']")).to_contain_text("Adult: Ana Kowalska")
    press(desk, tickets[0], "call-together")
    for ticket in tickets:
        wait_for_row(monitor, ticket, "called", 2)
