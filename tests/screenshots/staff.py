"""The wait-room screen and the pages of staff: empty, in the middle of a morning, in trouble."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.people import check_in, log_in, open_monitor
from tests.screenshots.camera import Camera
from tests.stack import Stack

MORNING = ["--at", "harbor", "--from", "Mon 09:30", "--hours", "1", "--surge", "Mon 09:45 1h 5x", "--speed", "180"]
# That hour was played in seconds; its visits get times like a morning's, so that somebody has waited.
UNFOLD = """
from datetime import timedelta
from django.db import transaction
from django.utils import timezone
from realtime import notices
now = timezone.now()
for visit in Visit.objects.filter(clinic__slug="harbor").exclude(booked_for__gt=now + timedelta(minutes=5)):
    names = ("booked_for", "arrived_at", "order_key", "called_at", "stepped_out_at", "roomed_at", "ended_at")
    times = {name: now + (at - now) * 90 for name in names if (at := getattr(visit, name))}
    Visit.objects.filter(pk=visit.pk).update(**times)
with transaction.atomic():
    notices.announce(notices.lock(Clinic.objects.get(slug="harbor").topic_id))
"""
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
        stack.shell.run(UNFOLD)
        desk.reload()
        for screen in (monitor, desk):
            screen.locator("h1").first.click()
        camera.take(monitor, "monitor-morning")
        camera.take(desk, "desk-morning")
        desk.locator("[data-verb=call-next]").click()
        desk.locator("[role=status] [data-verb=undo]").wait_for()
        camera.take(desk, "desk-undo")
        monitor.locator("[data-call]:visible").wait_for()
        camera.take(monitor, "monitor-call")
        for room in ("Front desk", "Room 3"):
            desk.locator("#room-next").select_option(label=f"{room} (in use)")
            called = desk.locator("[data-state=called]").count()
            desk.locator("[data-verb=call-next]").click()
            desk.locator("[data-state=called]").nth(called).wait_for()
        monitor.locator(".calls li").nth(2).wait_for(state="attached")
        monitor.locator("[data-call]").wait_for(state="hidden", timeout=60_000)
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
