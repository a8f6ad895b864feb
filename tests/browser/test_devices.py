"""From an unpaired browser to a wait-room screen and back, with somebody at the desk; and a kiosk is measured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import axe, layout
from tests.stack import Stack
from tests.waiting import until

# In the demo every browser is the demo's device, unless that is locked out.
LOCK_OUT = """
from clinic.models import Device
Device.objects.filter(name="Demo").update(token_hash="")
"""
LET_IN = """
from clinic import demo
from clinic.digests import digest
from clinic.models import Device
for kind in ("kiosk", "monitor"):
    Device.objects.filter(name="Demo", kind=kind).update(token_hash=digest(demo.token(kind)))
Device.objects.exclude(name="Demo").delete()
"""
REPORTED = "DeviceReport.objects.filter(device__name='Hall').exclude(build='').exists()"
WIDEST = """
const widest = (half) => half.textContent.replace(/[A-Z]/g, "W");
for (const half of document.querySelectorAll(".code span")) half.textContent = widest(half);
"""
TOPS = "all => all.map((one) => one.getBoundingClientRect().top)"
TARGETS = [("a:not(.button)", 24), ("input[type=checkbox]", 24), (".button, input, select", 44)]


@pytest.fixture(autouse=True)
def no_demo_devices(stack: Stack) -> Iterator[None]:
    stack.shell.run(LOCK_OUT)
    yield
    stack.shell.run(LET_IN)


@pytest.fixture
def desk(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A manager at the list of devices."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{stack.url}/login/?next=/desk/devices/")
    page.fill("[name=username]", "mo")
    page.fill("[name=password]", "evenkeel-demo")
    page.locator("[type=submit]").first.click()
    page.wait_for_url(f"{stack.url}/desk/devices/")
    yield page
    context.close()


def at_size(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})


def check(page: Page, *sizes: tuple[int, int]) -> None:
    """No fault of layout at these sizes, and none of access."""
    for size in sizes:
        at_size(page, *size)
        assert layout.faults(page, TARGETS) == [], (page.url, size)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert axe.violations(page) == [], (page.url, scheme)


def code_of(page: Page, stack: Stack, kind: str) -> str:
    """The code that an unpaired browser shows when it is opened."""
    page.goto(f"{stack.url}/{kind}/")
    expect(page).to_have_url(f"{stack.url}/pair/{kind}/")
    return page.locator("[data-code]").get_attribute("data-code") or ""


def enter(desk: Page, stack: Stack, code: str, *, name: str = "", device: str = "A new one") -> None:
    desk.goto(f"{stack.url}/desk/devices/")
    desk.locator("[data-primary]").click()
    desk.fill("[name=code]", code.lower())
    desk.select_option("[name=device]", label=device)
    desk.fill("[name=name]", name)
    desk.locator("[data-primary]").click()


def is_logged_in(context: BrowserContext) -> bool:
    return any(one["name"].endswith("-session") for one in context.cookies())


def test_screen_is_paired_reports_is_locked_out_and_comes_back(
    context: BrowserContext, stack: Stack, desk: Page
) -> None:
    screen = context.new_page()
    screen.clock.install()
    at_size(screen, 1920, 1080)
    code = code_of(screen, stack, "monitor")
    screen.evaluate(WIDEST)
    assert screen.evaluate("document.querySelector('.code').clientHeight < innerHeight / 3")
    check(screen, (1080, 1920), (1180, 820), (1920, 1080))
    enter(desk, stack, "BCDF-GHJK", name="Hall")
    expect(desk.get_by_role("alert")).to_contain_text("No screen shows this code now")
    check(desk, (1366, 768), (360, 740))
    enter(desk, stack, code, name="Hall")
    desk.fill("[name=screen_inches]", "55")
    desk.fill("[name=seat]", "6")
    desk.locator("[data-primary]").click()
    expect(desk.get_by_role("main").get_by_role("status")).to_contain_text("Saved.")
    check(desk, (360, 740), (1366, 768))

    screen.clock.fast_forward(6000)
    expect(screen).to_have_url(f"{stack.url}/monitor/")
    expect(screen.locator("[data-live=both]")).to_be_visible()
    screen.clock.fast_forward(6000)
    until(lambda: stack.ask(REPORTED))
    desk.goto(f"{stack.url}/desk/devices/")
    row = desk.locator(".row", has_text="Hall")
    expect(row).to_contain_text("this build")
    expect(row).to_have_attribute("data-state", "well")
    check(desk, (360, 740), (1366, 768))
    assert len(set(row.locator("dd").evaluate_all(TOPS))) == 1

    row.get_by_text("Lock out").click()
    desk.wait_for_url("**/revoke/")
    check(desk, (360, 740), (1366, 768))
    desk.locator("[data-primary]").click(no_wait_after=True)
    # Rights are looked at each five seconds anyhow: this is sooner.
    screen.wait_for_url(f"{stack.url}/pair/monitor/", timeout=4000)

    again = screen.locator("[data-code]").get_attribute("data-code") or ""
    enter(desk, stack, again, device="Wait-room screen Hall")
    expect(desk.locator("[name=screen_inches]")).to_have_value("55.0")
    screen.clock.fast_forward(6000)
    expect(screen).to_have_url(f"{stack.url}/monitor/")


def test_kiosk_is_measured_with_a_card_right_after_pairing(
    context: BrowserContext, stack: Stack, desk: Page
) -> None:
    kiosk = context.new_page()
    kiosk.clock.install()
    at_size(kiosk, 1080, 1920)
    enter(desk, stack, code_of(kiosk, stack, "kiosk"), name="Door")
    check(desk, (360, 740), (1366, 768))
    kiosk.clock.fast_forward(6000)
    expect(kiosk).to_have_url(f"{stack.url}/devices/kiosk/")
    check(kiosk, (1080, 1920), (1180, 820))
    kiosk.select_option("[name=panel]", label="Touch screen 21.5 in, 1920 by 1080")
    expect(kiosk.locator("[name=px_per_mm]")).to_have_value("4.034")
    kiosk.locator("[data-slider]").fill("5")
    kiosk.get_by_role("button", name="A little wider").click()
    expect(kiosk.locator("[name=px_per_mm]")).to_have_value("5.01")
    expect(kiosk.locator("[name=panel]")).to_have_value("")
    box = kiosk.locator("[data-card]").bounding_box()
    assert box and abs(box["width"] - 5.01 * 85.6) < 0.5
    kiosk.locator("[data-primary]").click()
    expect(kiosk).to_have_url(f"{stack.url}/kiosk/")
    assert stack.ask("float(Device.objects.get(name='Door').px_per_mm)") == 5.01


SET_UP = "from clinic.models import Device; Device.objects.filter(kind='kiosk').update(languages={})"
BEAT = 37_000


def test_first_page_of_a_kiosk_follows_its_set_up_unless_somebody_is_at_it(
    context: BrowserContext, stack: Stack
) -> None:
    stack.shell.run(LET_IN)
    page = context.new_page()
    page.clock.install()
    page.goto(f"{stack.url}/kiosk/")
    expect(page.locator("[type=radio]")).to_have_count(2)
    stack.shell.run(SET_UP.format(["en"]))
    page.clock.fast_forward(BEAT)
    expect(page.locator("[type=radio]")).to_have_count(1)
    stack.shell.run(SET_UP.format([]))
    page.keyboard.press("Tab")
    with page.expect_response("**/devices/report/"):
        page.clock.fast_forward(BEAT)
    # Time enough to ask whether the server is there, and to go on.
    for _ask in range(2):
        with page.expect_response("**/serves/"):
            page.clock.run_for(3000)
    expect(page.locator("[type=radio]")).to_have_count(1)


def test_who_leaves_the_set_up_of_a_kiosk_is_logged_out(context: BrowserContext, stack: Stack, desk: Page) -> None:
    kiosk = context.new_page()
    kiosk.clock.install()
    enter(desk, stack, code_of(kiosk, stack, "kiosk"), name="Wall")
    kiosk.clock.fast_forward(6000)
    expect(kiosk).to_have_url(f"{stack.url}/devices/kiosk/")
    kiosk.goto(f"{stack.url}/login/?next=/devices/kiosk/")
    kiosk.fill("[name=username]", "mo")
    kiosk.fill("[name=password]", "evenkeel-demo")
    kiosk.locator("[type=submit]").first.click()
    expect(kiosk.locator("[data-primary]")).to_have_text("Save and log out")
    assert is_logged_in(context)
    kiosk.clock.fast_forward(301_000)
    expect(kiosk).to_have_url(f"{stack.url}/kiosk/")
    assert not is_logged_in(context)
