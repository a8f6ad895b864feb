"""A browser that asks to be paired, the code entered at the desk, and the set-up of each kind."""

from __future__ import annotations

from tests.browser.people import log_in
from tests.screenshots.camera import Camera
from tests.stack import Stack

PAIRED_NOW = """
from django.utils import timezone
from clinic.models import Device
Device.objects.filter(name="Demo").update(paired_at=timezone.now())
"""


def take(camera: Camera, stack: Stack) -> None:
    for size, kind in (("kiosk", "kiosk"), ("tablet", "kiosk"), ("monitor", "monitor")):
        with camera.at(size) as context:
            page = context.new_page()
            page.goto(f"{stack.url}/pair/{kind}/")
            camera.take(page, f"pairing-{size}")
    with camera.at("desk") as context:
        page = log_in(context, stack, "desk", "/desk/devices/pair/")
        camera.take(page, "devices-pair")
        for kind in ("kiosk", "monitor"):
            pk = stack.ask(f"Device.objects.get(name='Demo', kind='{kind}').pk")
            page.goto(f"{stack.url}/desk/devices/{pk}/")
            camera.take(page, f"devices-{kind}")
    with camera.at("kiosk") as context:
        stack.shell.run(PAIRED_NOW)
        page = context.new_page()
        page.goto(f"{stack.url}/kiosk/")
        page.goto(f"{stack.url}/devices/kiosk/")
        camera.take(page, "devices-measure")
