"""The pages of who is called at night, and the log-in of who sees more than one desk: well, in trouble, locked."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from tests.browser.kiosk_http import timed_check_in
from tests.browser.ops_troubles import PROBE_NOW, SILENT_FOR, all_is_good, break_records, later, paired_screen
from tests.browser.people import check_in, log_in
from tests.browser.test_log_in import CODE, FORGIVE, MAKE
from tests.browser.test_ops_live import FAIL
from tests.screenshots.camera import Camera
from tests.stack import Stack
from tests.waiting import until

# Each page is taken in both.
WINDOWS = {"wide": (1280, 900), "narrow": (390, 844)}
GIVEN_UP = """
from django.utils import timezone
Delivery.objects.filter(state="pending").update(state="dead", last_failure="unreachable")
for row in Delivery.objects.filter(state="dead")[:2]:
    Delivery.objects.filter(pk=row.pk).update(last_failure="rejected")
"""
ENDS_SOON = """
from datetime import timedelta
from django.utils import timezone
Switch.objects.update(expires_at=timezone.now() + timedelta(minutes=4, seconds=30))
"""
DARK = """
from datetime import timedelta
from django.utils import timezone
from clinic.services import devices
device = Device.objects.get(name="Hall")
devices.report(device, devices.Said("0a1b2c3d", "both", "on", 3, 90))
DeviceReport.objects.filter(device=device).update(at=timezone.now() - timedelta(minutes=6))
"""


def take(camera: Camera, stack: Stack) -> None:
    operations(camera, stack)
    second_step(camera, stack)


def both(camera: Camera, page: Page, name: str, *, whole: bool = True) -> None:
    """The whole page in a wide and in a narrow window."""
    for window, (width, height) in WINDOWS.items():
        page.set_viewport_size({"width": width, "height": height})
        if whole:
            # What sticks to the window's lower edge is at the page's, then.
            high = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": max(high, height)})
        camera.take(page, f"{name}-{window}")


def operations(camera: Camera, stack: Stack) -> None:
    with camera.at("desk") as context, camera.at("kiosk") as kiosk:
        page = log_in(context, stack, "ops", "/ops/")
        all_is_good(page)
        both(camera, page, "ops-good")
        silent_record_systems(camera, stack, page)
        page.locator("[data-opens=stop]").click()
        both(camera, page, "ops-stop", whole=False)
        page.locator("#why-stop").fill("The vendor's status page is red")
        page.locator("[data-verb=stop]").click()
        page.locator("[data-switch=off]").wait_for()
        both(camera, page, "ops-vendor-off")
        stack.shell.run(ENDS_SOON)
        page.locator("[data-soon]").wait_for()
        both(camera, page, "ops-vendor-off-ends")
        break_records(stack, "refuse")
        for _n in range(2):
            check_in(kiosk.new_page(), stack)
        paired_screen(stack, "Hall")
        stack.shell.run(FAIL + DARK + GIVEN_UP)
        page.locator("[data-failed]").wait_for()
        page.locator("[data-dead]").first.wait_for()
        both(camera, page, "ops-trouble")
        page.emulate_media(color_scheme="dark")
        both(camera, page, "ops-trouble-dark")
        page.emulate_media(color_scheme="light")
        page.route("**/ops/board/", lambda route: None)
        page.locator("[data-old]").wait_for()
        both(camera, page, "ops-old", whole=False)
    with camera.at("desk") as context:
        page = log_in(context, stack, "admin", "/audit/")
        both(camera, page, "audit", whole=False)


def silent_record_systems(camera: Camera, stack: Stack, page: Page) -> None:
    break_records(stack, "silent")
    for _n in range(4):
        timed_check_in(stack)
    until(lambda: stack.ask("Destination.objects.filter(failures__gt=0).count()") == 3, 60)
    later(stack, SILENT_FOR, minutes=14)
    page.locator("[data-sentence]", has_text="silent for 14 min").wait_for()
    both(camera, page, "ops-emr-silent", whole=False)
    break_records(stack, "ok")
    later(stack, PROBE_NOW, minutes=0)
    all_is_good(page)


def second_step(camera: Camera, stack: Stack) -> None:
    stack.shell.run(MAKE)
    with camera.at("desk") as context:
        page = password(context, stack)
        both(camera, page, "login-set-up")
        page.fill("[name=code]", "000000")
        page.locator("[type=submit]").first.click()
        page.get_by_role("alert").wait_for()
        stack.shell.run(FORGIVE)
        page.fill("[name=code]", stack.ask(CODE))
        page.get_by_role("button", name="Confirm").click()
        page.locator(".codes li").first.wait_for()
        both(camera, page, "login-paper")
    with camera.at("desk") as context:
        both(camera, password(context, stack), "login-code")
    with camera.at("desk") as context:
        page = context.new_page()
        page.goto(f"{stack.url}/login/")
        both(camera, page, "login")
        while page.locator("[name=username]").count():
            page.fill("[name=username]", "nobody")
            page.fill("[name=password]", "wrong")
            page.locator("[type=submit]").first.click()
        both(camera, page, "login-locked")


def password(context: BrowserContext, stack: Stack) -> Page:
    page = context.new_page()
    page.goto(f"{stack.url}/login/?next=/desk/day/")
    page.fill("[name=username]", "lea")
    page.fill("[name=password]", "evenkeel-demo")
    page.locator("[type=submit]").first.click()
    page.locator("[name=code]").wait_for()
    return page
