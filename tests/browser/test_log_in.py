"""A log-in in a real browser: its pages hold, and a page that was left alone leads back to it and says why."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import axe, layout
from tests.browser.people import log_in
from tests.stack import Stack

END = """
from clinic.models import StaffSession
from django.utils import timezone
StaffSession.objects.update(expire_date=timezone.now())
"""
# Somebody who is not of the demo's own people, and so needs a second step.
MAKE = """
from django.contrib.auth.models import User
from clinic.models import Clinic, Membership, PhoneKey
lea = User.objects.filter(username="lea").first() or User(username="lea")
lea.password = User.objects.get(username="ana").password
lea.save()
clinic = Clinic.objects.get(slug="harbor")
Membership.objects.update_or_create(user=lea, clinic=clinic, defaults={"role": "manager"})
PhoneKey.objects.filter(user=lea).delete()
"""
FORGIVE = """
from clinic.models import PhoneKey
PhoneKey.objects.update(throttling_failure_count=0)
"""
CODE = """(lambda device, totp: f"{totp.TOTP(device.key).token():06d}")(
__import__("clinic.models", fromlist=["x"]).PhoneKey.objects.get(user__username="lea"),
__import__("django_otp.oath", fromlist=["x"]))""".replace("\n", " ")
TARGETS = [(".button, input", 44)]


def check(page: Page) -> None:
    for width, height in ((1366, 768), (375, 667)):
        page.set_viewport_size({"width": width, "height": height})
        assert layout.faults(page, TARGETS) == [], (page.url, width)
    assert axe.violations(page) == [], page.url


@pytest.mark.parametrize("path", ["/desk/", "/ops/"])
def test_live_page_whose_log_in_has_ended_leads_there_and_says_why(
    stack: Stack, context: BrowserContext, path: str
) -> None:
    page = log_in(context, stack, "desk" if path == "/desk/" else "ops", path)
    stack.shell.run(END)
    page.wait_for_url("**/login/**", timeout=30_000)
    expect(page.get_by_role("status")).to_contain_text("some time without a tap")
    check(page)
    page.fill("[name=username]", "ana" if path == "/desk/" else "olu")
    page.fill("[name=password]", "evenkeel-demo")
    page.locator("[type=submit]").first.click()
    page.wait_for_url(stack.url + path)


def test_second_step_is_set_up_page_by_page(stack: Stack, context: BrowserContext) -> None:
    stack.shell.run(MAKE)
    page = context.new_page()
    page.goto(f"{stack.url}/login/?next=/desk/day/")
    page.fill("[name=username]", "lea")
    page.fill("[name=password]", "evenkeel-demo")
    page.locator("[type=submit]").first.click()
    expect(page.locator(".qr svg")).to_be_visible()
    check(page)
    page.fill("[name=code]", "000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("does not fit")
    check(page)
    stack.shell.run(FORGIVE)
    page.fill("[name=code]", stack.ask(CODE))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".codes li")).to_have_count(10)
    check(page)
    page.get_by_role("link", name="I have them on paper: go on").click()
    page.wait_for_url(f"{stack.url}/desk/day/")
