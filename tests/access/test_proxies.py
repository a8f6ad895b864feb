"""Who asks, when a proxy asks for others: two real web processes, as behind nginx."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.access.browsers import Browser
from tests.stack import Stack

FAILED = "[row.address for row in AuditEvent.objects.filter(action='login.fail').order_by('-pk')[:{n}]]"


@pytest.fixture
def browser(stack: Stack) -> Iterator[Browser]:
    with Browser(stack) as browser:
        yield browser


def fail(browser: Browser, forwarded: str, name: str = "nobody") -> httpx.Response:
    browser.http.headers["X-Forwarded-For"] = forwarded
    return browser.send("/login/", "/login/", username=name, password="wrong")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("10.9.9.9, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 127.0.0.1", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_proxy_on_this_machine_is_believed_and_nobody_before_it(
    stack: Stack, browser: Browser, forwarded: str, address: str
) -> None:
    assert fail(browser, forwarded).status_code == 200
    assert stack.ask(FAILED.format(n=1)) == [address]


def test_lock_is_of_the_client_not_of_the_proxy(browser: Browser) -> None:
    seen = [fail(browser, "198.51.100.1", "mo").status_code for _n in range(5)]
    assert seen == [200] * 4 + [429]
    assert fail(browser, "198.51.100.2", "mo").status_code == 200
