"""Makes docs/img/screens.png from the screens as they run: `.venv/bin/python -m tests.screenshots`."""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.people import Patient, check_in, log_in, open_monitor, wait_for_row
from tests.stack import ROOT, Stack, running

TARGET = ROOT / "docs" / "img" / "screens.png"
SIZES = {"kiosk": (1080, 1920), "monitor": (1920, 1080), "desk": (1366, 768)}
MORNING = ["--at", "harbor", "--from", "Mon 09:30", "--hours", "1", "--surge", "Mon 09:45 1h 5x", "--speed", "180"]
SHEET = """<body style="margin:0;background:#e9e7e1"><div style="display:grid;gap:24px;padding:24px;width:1552px;
grid-template-columns:auto auto;grid-template-rows:auto auto;justify-content:center">
<img src="{kiosk}" style="height:880px;grid-row:1/3"><img src="{monitor}" style="height:428px">
<img src="{desk}" style="height:428px"></div></body>"""


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "home") as stack,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        shots = {name: page.screenshot() for name, page in screens(browser, stack).items()}
        TARGET.write_bytes(sheet(browser, shots))
        browser.close()


def screens(browser: Browser, stack: Stack) -> dict[str, Page]:
    """The kiosk, the wait-room screen and the desk of a clinic in the middle of a morning."""
    contexts = {name: sized(browser, *size) for name, size in SIZES.items()}
    kiosk = contexts["kiosk"].new_page()
    monitor = open_monitor(contexts["monitor"], stack)
    desk = log_in(contexts["desk"], stack, "desk", "/desk/")
    stack.manage("simulate", *MORNING)
    for _patient in range(2):
        desk.locator("[data-verb=call-next]").click()
        desk.wait_for_timeout(500)
    wait_for_row(monitor, check_in(kiosk, stack, Patient("Linh", "Nguyen")), "waiting", 5)
    monitor.wait_for_timeout(500)
    return {"kiosk": kiosk, "monitor": monitor, "desk": desk}


def sized(browser: Browser, width: int, height: int) -> BrowserContext:
    return browser.new_context(viewport={"width": width, "height": height})


def sheet(browser: Browser, shots: dict[str, bytes]) -> bytes:
    """The pictures side by side, as one PNG."""
    page = sized(browser, 1600, 940).new_page()
    pictures = {name: "data:image/png;base64," + base64.b64encode(shot).decode() for name, shot in shots.items()}
    page.set_content(SHEET.format(**pictures))
    return page.screenshot()


if __name__ == "__main__":
    main()
