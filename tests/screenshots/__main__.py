"""`make screenshots`: pictures in var/screenshots, with an index; `--readme` puts those of the README in place."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chromium import chromium
from tests.screenshots import devices, kiosk, on_call, staff
from tests.screenshots.camera import Camera
from tests.stack import ROOT, running

# What the README shows, and the picture that it is.
README = {
    "kiosk": "kiosk-en-ticket",
    "monitor": "monitor-called",
    "desk": "desk-morning",
    "phone": "phone-light",
    "ops": "ops-emr-silent-wide",
}


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="also into docs/img")
    parser.add_argument("--only", choices=["kiosk", "phone", "staff", "devices", "on-call"])
    chosen = parser.parse_args(words)
    folder = ROOT / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, running(Path(home) / "home") as stack, chromium() as browser:
        camera = Camera(browser, folder)
        parts = {"staff": staff.take, "kiosk": kiosk.take, "phone": kiosk.take_phone, "devices": devices.take}
        # The last: it locks this machine out of the log-in for a while.
        parts["on-call"] = on_call.take
        for name, take in parts.items():
            if chosen.only in (None, name):
                take(camera, stack)
    if chosen.readme:
        for name, shot in README.items():
            shutil.copy(folder / f"{shot}.png", ROOT / "docs" / "img" / f"{name}.png")
    print(camera.write_index())


if __name__ == "__main__":
    main(sys.argv[1:])
