"""Every address of a real server, static files, errors and the floor: what its answers tell a browser."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.access.browsers import Browser, addresses
from tests.stack import Stack

OTHERS = [
    "/",
    "/static/icon.svg",
    "/nowhere/",
    "/favicon.ico",
    "/robots.txt",
    "/demo/fault/",
    "/live/nothing/",
    "/%00",
]
ALWAYS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
}
# Nothing of anybody: the same for all who ask.
MAY_BE_KEPT = (
    "/static/",
    "/kiosk/mm/",
    "/shell.js",
    "/desk/bookings/template.csv",
    "/admin/jsi18n/",
    "/kiosk/offline/",
    "/monitor/offline/",
)


@pytest.mark.parametrize("path", [*addresses(), *OTHERS])
def test_answer_says_what_a_browser_may_do(everybody: Browser, path: str) -> None:
    for answer in (everybody.http.get(path), httpx.get(everybody.stack.url + path)):
        check(answer, path)


@pytest.fixture
def static(everybody: Browser) -> list[str]:
    """The static files that a page names: icon, style and script."""
    return sorted(set(re.findall(r"/static/[\w./-]+\.[0-9a-f]{12}\.\w+", everybody.http.get("/monitor/").text)))


def test_static_files_say_it_too(everybody: Browser, static: list[str]) -> None:
    assert {path.rpartition(".")[2] for path in static} >= {"svg", "css", "js"}
    for path in static:
        answer = everybody.http.get(path)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        check(answer, path)


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "TRACE", "DELETE"])
def test_refused_methods_of_a_static_file_say_it_too(stack: Stack, static: list[str], method: str) -> None:
    answer = httpx.request(method, stack.url + static[0])
    assert answer.status_code in (400, 403, 405)
    check(answer, static[0])


@pytest.mark.parametrize("topic", ["", "a" * 26])
def test_floor_says_what_a_number_has_use_for(everybody: Browser, topic: str) -> None:
    """As little as will do: it is asked ten thousands of times a second."""
    headers = everybody.http.get(f"/live/{topic or everybody.topic}/").headers
    said = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    said["cross-origin-resource-policy"] = "same-origin"
    assert {name: headers.get(name) for name in said} == said
    assert sum(len(name) + len(value) + 4 for name, value in headers.raw) < 300


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "TRACE", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/kiosk/", "/static/icon.svg", "/healthz", "/live/x/", "/nowhere/"])
def test_refused_methods_say_it_too(stack: Stack, method: str, path: str) -> None:
    check(httpx.request(method, stack.url + path), path)


def test_host_of_another_says_it_too(stack: Stack) -> None:
    answer = httpx.get(f"{stack.url}/desk/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    check(answer, "/desk/")


def check(answer: httpx.Response, path: str) -> None:
    headers = answer.headers
    assert {name: headers.get(name) for name in ALWAYS} == ALWAYS, path
    assert "camera=()" in headers["permissions-policy"] and "autoplay=(self)" in headers["permissions-policy"]
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy and "frame-ancestors" in policy and "base-uri 'none'" in policy
    assert ("default-src 'self'" in policy and "object-src 'none'" in policy) or "default-src 'none'" in policy
    assert "server" not in headers and "x-powered-by" not in headers
    if answer.status_code == 200 and not path.startswith(MAY_BE_KEPT):
        assert "no-store" in headers.get("cache-control", ""), path
    for cookie in headers.get_list("set-cookie"):
        check_cookie(cookie)


def check_cookie(cookie: str) -> None:
    """HttpOnly, of the whole site alone; Strict, but for the log-in of staff, who follow links from their mail."""
    name, *said = [part.strip() for part in cookie.split(";")]
    words = {word.lower() for word in said}
    of_staff = "session" in name or "csrf" in name
    assert "httponly" in words or "max-age=0" in words, cookie
    assert "path=/" in words and not any(word.startswith("domain") for word in words), cookie
    assert ("samesite=lax" if of_staff else "samesite=strict") in words, cookie
