"""Pages of others: they open no socket of ours and send no form, whoever's browser shows them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.access.browsers import Browser, addresses
from tests.stack import Stack

# Judged by the origin, since its page may have no form.
REPORT = "/devices/report/"
# Read alone, and answered before Django.
READ = {"/healthz": 405, "/readyz": 405, "/serves/": 405}
OF_DEMO = ["/demo/fault/", "/demo/records/", "/demo/switch/", "/demo/log-in/admin/", "/logout/", "/admin/logout/"]
STRANGE = {
    "missing": None,
    "empty": "",
    "null": "null",
    "another": "https://evil.example",
    "look-alike after": "http://127.0.0.1.evil.example:{port}",
    "look-alike before": "http://evil-127.0.0.1:{port}",
    "as a user": "http://127.0.0.1:{port}@evil.example",
    "as a path": "http://evil.example/http://127.0.0.1:{port}",
    "https": "https://127.0.0.1:{port}",
    "ws": "ws://127.0.0.1:{port}",
    "no scheme": "127.0.0.1:{port}",
    "another port": "http://127.0.0.1:1{port}",
    "no port": "http://127.0.0.1",
    "trailing dot": "http://127.0.0.1.:{port}",
    "another name of this machine": "http://localhost:{port}",
    "number": "http://2130706433:{port}",
    "wide digits": "http://\uff11\uff12\uff17.0.0.1:{port}",
    "a file": "file://",
    "an extension": "chrome-extension://abcdefghijklmnop",
    "two": "http://127.0.0.1:{port} https://evil.example",
}


def open_socket(browser: Browser, origin: str | None) -> int:
    """The status of the answer; 101 when it is open."""
    headers: Any = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())}
    if origin is not None:
        headers["Origin"] = origin
    url = browser.stack.url.replace("http", "ws", 1) + f"/ws/{browser.topic}/"
    try:
        with connect(url, additional_headers=headers, proxy=None, open_timeout=10):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_our_own_page_opens_a_socket(stack: Stack, everybody: Browser) -> None:
    assert open_socket(everybody, stack.url) == 101


@pytest.mark.parametrize("what", STRANGE)
def test_page_of_another_opens_none(stack: Stack, everybody: Browser, what: str) -> None:
    origin = STRANGE[what]
    assert open_socket(everybody, origin and origin.format(port=stack.port)) == 403


@pytest.mark.parametrize("path", [*addresses(), *OF_DEMO])
def test_form_without_its_token_is_refused(everybody: Browser, path: str) -> None:
    for headers in ({"Origin": everybody.stack.url}, {}):
        refusal = 400 if path == REPORT and not headers else READ.get(path, 403)
        assert everybody.http.post(path, data={"a": "b"}, headers=headers).status_code == refusal, headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_ways_to_write_are_refused(everybody: Browser, method: str) -> None:
    seen = {path: everybody.http.request(method, path).status_code for path in addresses()}
    assert {path: status for path, status in seen.items() if status != 403} == {**READ, REPORT: 405}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "http://localhost"])
@pytest.mark.parametrize("path", ["/kiosk/", "/desk/call-next/", "/ops/vendor/", "/logout/", REPORT])
def test_form_with_a_right_token_of_another_page_is_refused(everybody: Browser, path: str, origin: str) -> None:
    said = {"csrfmiddlewaretoken": everybody.token("/kiosk/"), "kind": "kiosk"}
    answer = everybody.http.post(path, data=said, headers={"Origin": origin})
    assert answer.status_code == (400 if path == REPORT else 403)


def test_floor_tells_pages_of_others_nothing(everybody: Browser) -> None:
    """A script of theirs could ask; a browser gives it no answer without leave."""
    url = f"{everybody.stack.url}/live/{everybody.topic}/"
    assert "access-control-allow-origin" not in httpx.get(url, headers={"Origin": "https://evil.example"}).headers
