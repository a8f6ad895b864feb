"""How the tests of the ops page break and mend what it speaks of, for real."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
from playwright.sync_api import Page, expect

from tests.stack import Stack

# From the moment when the system can know, to the sentence read in Chromium. In seconds.
WITHIN = 5.0

BACK = """
from datetime import timedelta
from django.db.models import F
from django.utils import timezone
minutes = timedelta(minutes={minutes})
"""
SILENT_FOR = """
Destination.objects.filter(is_ill=True).update(ill_since=timezone.now() - minutes)
Delivery.objects.filter(delivered_at__isnull=False).update(delivered_at=F("delivered_at") - minutes)
"""
UNHEARD_FOR = "DeviceReport.objects.filter(device__name={name!r}).update(at=timezone.now() - minutes)"
PROBE_NOW = "Destination.objects.update(next_probe_at=None); Delivery.objects.update(next_try_at=F('created_at'))"


def read(page: Page, text: str, since: float) -> float:
    """Reads the sentence as long as it takes; how many seconds after `since` (monotonic) it was there."""
    expect(page.locator("[data-sentence]")).to_contain_text(text, timeout=15_000)
    return time.monotonic() - since


def all_is_good(page: Page, seconds: float = 30) -> None:
    expect(page.locator("[data-sentence]")).to_have_text("All good", timeout=seconds * 1000)


def later(stack: Stack, code: str, minutes: int) -> None:
    """Time has passed, as far as rows say."""
    stack.shell.run(BACK.format(minutes=minutes) + code)


def break_records(stack: Stack, mode: str) -> None:
    """The record systems fail in this way; "ok" mends them."""
    port = json.loads((stack.home / "demo.json").read_text())["emr_ports"]["control"]
    httpx.post(f"http://127.0.0.1:{port}/__fault", json={"mode": mode}, timeout=5).raise_for_status()


def processes(stack: Stack, ending: str) -> list[psutil.Process]:
    """Those of the stack whose command line ends so."""
    assert stack.process is not None
    children = psutil.Process(stack.process.pid).children()
    return [one for one in children if _command(one).endswith(ending)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextmanager
def frozen(stack: Stack, ending: str) -> Iterator[None]:
    """They answer nothing and do nothing, as long as the block runs."""
    found = processes(stack, ending)
    assert found
    for one in found:
        one.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in found:
            one.send_signal(signal.SIGCONT)


@contextmanager
def killed_whenever_they_come(stack: Stack, ending: str) -> Iterator[None]:
    """Their supervisor starts them again; none lives long enough to serve."""
    enough = threading.Event()

    def kill() -> None:
        while not enough.wait(0.05):
            for one in processes(stack, ending):
                try:
                    os.kill(one.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        yield
    finally:
        enough.set()
        killing.join()


def paired_screen(stack: Stack, name: str) -> dict[str, Any]:
    """A wait-room screen of the demo's clinic that is no demo device: the cookie of its browser."""
    stack.shell.run(
        "from tests.factories import make_device\n"
        f"make_device(Clinic.objects.get(slug='harbor'), 'monitor', {name!r})"
    )
    value = f"token-of-harbor-monitor-{name}"
    return {"name": f"evenkeel{stack.port}-monitor", "value": value, "url": stack.url}
