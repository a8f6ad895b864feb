"""The kiosk and the phone, page by page."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.people import Patient, answer_page, check_in
from tests.screenshots.camera import Camera
from tests.stack import Stack

LINK = "__import__('clinic.phone_links').phone_links.link(Visit.objects.filter(ticket={ticket!r}).latest('pk'))"
SIZES = ("kiosk", "tablet")


def take(camera: Camera, stack: Stack) -> None:
    for size in SIZES:
        with camera.at(size) as context:
            page = context.new_page()
            for language in ("en", "es"):
                walk(camera, stack, page, f"{size}-{language}", Patient(language=language))
            if size == "kiosk":
                other_states(camera, stack, page)
            errors(camera, stack, page, size)


def walk(camera: Camera, stack: Stack, page: Page, name: str, patient: Patient) -> None:
    """From the first page to the ticket."""
    page.goto(f"{stack.url}/kiosk/")
    for number in range(1, 8):
        answer_page(page, patient)
        camera.take(page, f"{name}-{number}")
        with page.expect_navigation():
            page.locator("[data-primary]").click()
    page.locator("[data-ticket]").first.wait_for()
    camera.take(page, f"{name}-ticket")


def errors(camera: Camera, stack: Stack, page: Page, size: str) -> None:
    """The name and the birth date left empty."""
    page.goto(f"{stack.url}/kiosk/")
    for number in range(4):
        if number == 2:
            page.locator("[data-primary]").click()
            page.locator("[data-problem]").wait_for()
            camera.take(page, f"{size}-error-name")
        if number == 3:
            page.locator("[data-primary]").click()
            page.locator("[data-problem]").wait_for()
            camera.take(page, f"{size}-error-birth")
            return
        answer_page(page, Patient())
        with page.expect_navigation():
            page.locator("[data-primary]").click()


def other_states(camera: Camera, stack: Stack, page: Page) -> None:
    """Help is coming; nobody is there any more; the server is away."""
    page.goto(f"{stack.url}/kiosk/")
    page.locator(".help button").click()
    page.locator(".is-help").wait_for()
    camera.take(page, "kiosk-help")
    page.goto(f"{stack.url}/kiosk/")
    page.evaluate("document.querySelector('[data-idle-dialog]').showModal()")
    camera.take(page, "kiosk-idle")
    page.goto(f"{stack.url}/kiosk/offline/")
    camera.take(page, "kiosk-offline")


def take_phone(camera: Camera, stack: Stack) -> None:
    for scheme in ("light", "dark"):
        with camera.at("kiosk") as context:
            ticket = check_in(context.new_page(), stack, Patient(language="es" if scheme == "dark" else "en"))
        link = stack.ask(LINK.format(ticket=ticket))
        with camera.at("phone", color_scheme=scheme) as context:
            page = context.new_page()
            page.goto(link)
            camera.take(page, f"phone-{scheme}")
            page.goto(f"{link}leave/")
            camera.take(page, f"phone-{scheme}-leave")
            page.goto(f"{stack.url}/v/nothing/")
            camera.take(page, f"phone-{scheme}-ended")
