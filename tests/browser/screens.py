"""A TV in front of the studio: its page, whose clock stands until a test lets time pass for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page

from tests.browser.studio import Studio, leaving
from tests.waiting import until

# In place of the page's WebSocket: what it is told, it has heard once `tell` is back. There is no time on the way.
SOCKETS = """
window.sockets = new Set();
window.socketsUp = true;
window.WebSocket = class {
  constructor() {
    if (socketsUp) sockets.add(this);
    else Promise.resolve().then(() => this.onclose?.());
  }
  close() { sockets.delete(this); }
};
"""
# From now on the sockets speak by themselves, every three seconds of the page's clock: a day takes minutes then.
SPEAK = """() => {
  if (!window.sockets || window.speaking) return;
  window.speaking = setInterval(() => {
    const message = { data: JSON.stringify({ ...state, now: Date.now() }) };
    for (const one of sockets) one.onmessage?.(message);
  }, 3000);
}"""
ANNOUNCED = """(() => {
  const panel = document.querySelector("[data-call]");
  return panel && panel.checkVisibility() ? panel.querySelector("[data-call-ticket]").textContent : "";
})()"""


@dataclass
class Screen:
    """One TV in front of the studio."""

    studio: Studio
    page: Page

    def pass_time(self, seconds: float, *, settle: bool = True) -> None:
        """For the page and its server; nothing is left half done. `settle`: not if it is asked next."""
        self.studio.now += round(seconds * 1000)
        with leaving(self.page):
            self.page.clock.run_for(round(seconds * 1000))
        until(lambda: self.studio.busy == 0)
        if settle:
            self.settle()

    def settle(self) -> None:
        until(lambda: self.studio.busy == 0)
        with leaving(self.page):
            self.page.evaluate("0")

    def keep_up(self, seconds: float, step: float = 3) -> None:
        """Passes time as on a sound network, where the socket speaks every few seconds."""
        while seconds > 0:
            self.studio.tell()
            self.pass_time(min(step, seconds))
            seconds -= step

    def listen(self, seconds: float) -> None:
        """As `keep_up`, in one go, while there is no news."""
        self.studio.tell()
        with leaving(self.page):
            self.page.evaluate(SPEAK)
        self.pass_time(seconds, settle=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The clock runs as clocks do, for scripts that wait by it."""
        self.page.clock.resume()
        yield
        self.studio.now = int(self.page.evaluate("Date.now()")) + 2000
        self.page.clock.pause_at(self.studio.now / 1000)

    @property
    def announced(self) -> str:
        """The ticket that fills the screen, or nothing."""
        with leaving(self.page):
            return str(self.page.evaluate(ANNOUNCED))
        return ""

    def shows(self, version: int) -> None:
        """Waits until the page has the board of this version."""
        until(lambda: self.page.locator("[data-topic]").get_attribute("data-version") == str(version))


def open_screen(context: BrowserContext, studio: Studio) -> Screen:
    """Its clock stands until the test lets time pass."""
    context.add_init_script(SOCKETS)
    page = context.new_page()
    page.clock.install(time=studio.now / 1000 - 60)
    page.clock.pause_at(studio.now / 1000)
    page.goto(f"{studio.url}/monitor/")
    studio.pages.append(page)
    studio.tell()
    return Screen(studio, page)
