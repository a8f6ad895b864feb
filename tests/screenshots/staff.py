"""The wait-room screen and the pages of staff: empty, in the middle of a morning, in trouble."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.people import check_in, log_in, open_monitor
from tests.screenshots.camera import Camera
from tests.stack import Stack

MORNING = ["--at", "harbor", "--from", "Mon 09:30", "--hours", "1", "--surge", "Mon 09:45 1h 5x", "--speed", "180"]
MANAGERS = {
    "day": "/desk/day/",
    "devices": "/desk/devices/",
    "bookings": "/desk/bookings/",
    "check-in": "/desk/check-in/",
}


def take(camera: Camera, stack: Stack) -> None:
    """In this order: a clinic fills, somebody is called, somebody needs help, the server is gone."""
    with camera.at("monitor") as tv, camera.at("desk") as at_desk, camera.at("kiosk") as at_kiosk:
        monitor, desk = open_monitor(tv, stack), log_in(at_desk, stack, "desk", "/desk/")
        camera.take(monitor, "monitor-empty")
        camera.take(desk, "desk-empty")
        stack.manage("simulate", *MORNING)
        desk.reload()
        camera.take(monitor, "monitor-morning")
        camera.take(desk, "desk-morning")
        desk.locator("[data-verb=call-next]").click()
        desk.locator("[role=status] [data-verb=undo]").wait_for()
        camera.take(desk, "desk-undo")
        monitor.locator("[data-call]:visible").wait_for()
        camera.take(monitor, "monitor-call")
        monitor.locator("[data-call]").wait_for(state="hidden")
        camera.take(monitor, "monitor-called")
        in_trouble(camera, stack, monitor, desk, at_kiosk.new_page())
    managers(camera, stack)


def in_trouble(camera: Camera, stack: Stack, monitor: Page, desk: Page, kiosk: Page) -> None:
    kiosk.goto(f"{stack.url}/kiosk/")
    kiosk.locator(".help button").click()
    desk.locator(".alarm").first.wait_for()
    camera.take(desk, "desk-alarm")
    desk.emulate_media(color_scheme="dark")
    camera.take(desk, "desk-dark")
    for old in ("banner", "hide"):
        monitor.evaluate("old => { document.querySelector('[data-old]').dataset.old = old; }", old)
        camera.take(monitor, f"monitor-old-{old}")
    monitor.goto(f"{stack.url}/monitor/offline/")
    camera.take(monitor, "monitor-offline")


def managers(camera: Camera, stack: Stack) -> None:
    with camera.at("desk") as context:
        page = log_in(context, stack, "manager", "/desk/")
        for name, path in MANAGERS.items():
            page.goto(stack.url + path)
            camera.take(page, f"desk-{name}")
    with camera.at("desk") as context:
        page = log_in(context, stack, "ops", "/ops/")
        camera.take(page, "ops")
        page.goto(f"{stack.url}/ops/engine/")
        camera.take(page, "ops-engine")
        check_in(context.new_page(), stack)
    with camera.at("desk") as context:
        page = context.new_page()
        page.goto(f"{stack.url}/login/")
        camera.take(page, "login")
