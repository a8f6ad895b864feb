"""The server is away: a screen shows our own page, after a power cut too, and finds its way back by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.chromium import FLAGS
from tests.one_web import OneWeb, running

# Of static/js/offline.js, in seconds: the longest time between two asks, and then the page itself.
BACK = 20
KEPT = """async () => {
  const paths = [];
  for (const name of await caches.keys()) {
    for (const one of await (await caches.open(name)).keys()) paths.push(new URL(one.url).pathname);
  }
  return paths.filter((path) => !path.startsWith("/static/")).sort();
}"""
READY = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  if (active.state === "activated") return;
  await new Promise((done) => (active.onstatechange = done));
}"""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneWeb]:
    with running(tmp_path_factory.mktemp("one_web"), has_pages=True) as web:
        yield web


@contextmanager
def profile(browser: Browser, folder: Path, web: OneWeb) -> Iterator[BrowserContext]:
    """A browser that keeps what it has on the disk, as a screen's own does over a power cut."""
    path = shutil.which("chromium")
    context = browser.browser_type.launch_persistent_context(folder, executable_path=path, args=FLAGS)
    pairs = [one.split("=", 1) for one in web.cookie.split("; ")]
    context.add_cookies([{"name": name, "value": value, "url": web.url} for name, value in pairs])
    yield context
    context.close()


@contextmanager
def proxy_without_server(port: int) -> Iterator[None]:
    """What answers for a server that is not there."""

    class Away(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(502)

        def log_message(self, *said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Away)
    Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


def shows_the_shell(page: Page) -> None:
    expect(page.locator("[data-home]")).to_be_visible()
    # Its styles and fonts too, without a server.
    assert page.evaluate("async () => (await document.fonts.load('16px \"Atkinson Hyperlegible\"')).length") == 1


def test_screens_without_a_server_show_our_own_page_and_come_back(
    browser: Browser, web: OneWeb, tmp_path: Path
) -> None:
    with profile(browser, tmp_path, web) as context:
        for path in ("/monitor/", "/kiosk/"):
            page = context.new_page()
            page.goto(web.url + path)
            page.evaluate(READY)
        assert page.evaluate(KEPT) == ["/kiosk/offline/", "/monitor/offline/"]
        web.kill_web()
        page.reload()
        shows_the_shell(page)
    # The power was cut: the browser begins anew, and the server is still away.
    with profile(browser, tmp_path, web) as context:
        pages = [context.new_page() for _place in range(2)]
        for page, path in zip(pages, ("/monitor/", "/kiosk/"), strict=True):
            page.goto(web.url + path)
            shows_the_shell(page)
        with proxy_without_server(web.port):
            pages[0].reload()
            shows_the_shell(pages[0])
        web.start_web()
        expect(pages[0].locator("[data-topic]")).to_be_visible(timeout=BACK * 1000)
        expect(pages[1].locator("[data-primary]")).to_be_visible(timeout=BACK * 1000)


def test_error_pages_of_our_own_are_not_hidden(browser: Browser, web: OneWeb, tmp_path: Path) -> None:
    with profile(browser, tmp_path, web) as context:
        page = context.new_page()
        page.goto(f"{web.url}/monitor/")
        page.evaluate(READY)
        answer = page.goto(f"{web.url}/monitor/nowhere/")
        assert answer is not None and answer.status == 404
        assert page.locator("[data-home]").count() == 0
