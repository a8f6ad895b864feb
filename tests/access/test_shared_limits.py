"""A limit holds over all web processes, which hear of each other after a try; without Redis each has its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count

import httpx
import psutil
import pytest

from clinic.limits import LOG_IN, PREFIX
from clinic.running import home as homes
from tests.access.browsers import Browser
from tests.stack import ROOT, Stack
from tests.waiting import until


@pytest.fixture(scope="module")
def second(stack: Stack) -> Iterator[str]:
    """The address of another web process of the same Evenkeel."""
    port = homes.free_port()
    url = f"http://127.0.0.1:{port}"
    env = {**stack.env(), "EVENKEEL_DEMO": "yes", "PUBLIC_URL": stack.url}
    web = subprocess.Popen([sys.executable, "manage.py", "web", "--port", str(port)], cwd=ROOT, env=env)
    until(lambda: _answers(url), 30)
    yield url
    web.terminate()
    web.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def failures(stack: Stack, urls: list[str], address: str, times: int) -> list[int]:
    """Log-ins without a password, under as many names, at these processes in turn: to hash one takes a second."""
    with Browser(stack) as browser:
        browser.http.headers["X-Forwarded-For"] = address
        token = browser.token("/login/")
        seen = []
        for number in range(times):
            said = {"username": f"n{number}", "password": "", "csrfmiddlewaretoken": token}
            url = urls[number % len(urls)] + "/login/"
            seen.append(browser.http.post(url, data=said, headers={"Origin": stack.url}).status_code)
        return seen


def wait_until_it_tells_redis(stack: Stack, url: str) -> None:
    """A process leaves Redis alone for a second after it was frozen, and counts for itself meanwhile."""
    kept, last = len(stack.redis().keys(f"{PREFIX}*")), count(1)
    until(
        lambda: (
            failures(stack, [url], f"198.51.100.{next(last)}", 1) and len(stack.redis().keys(f"{PREFIX}*")) > kept
        )
    )


def test_two_processes_count_together(stack: Stack, second: str) -> None:
    for url in (stack.url, second):
        wait_until_it_tells_redis(stack, url)
    seen = failures(stack, [stack.url, second], "203.0.113.20", LOG_IN.most + 6)
    assert seen[: LOG_IN.most] == [200] * LOG_IN.most
    assert seen[LOG_IN.most + 2 :] == [429] * 4, "one more a process at most"


def test_without_redis_each_counts_for_itself(stack: Stack, second: str) -> None:
    valkey = psutil.Process(stack.valkey_pid())
    valkey.send_signal(signal.SIGSTOP)
    try:
        seen = failures(stack, [second], "203.0.113.21", LOG_IN.most + 2)
    finally:
        valkey.send_signal(signal.SIGCONT)
    assert seen == [200] * LOG_IN.most + [429] * 2
