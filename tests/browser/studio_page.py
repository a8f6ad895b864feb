"""What runs in the page that stands in the studio: sockets without a way between, and what it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Error, Page

# In place of the page's WebSocket: what it is told, it has heard once `tell` is back. There is no time on the way.
SOCKETS = """
window.asked = new Set();
const ask = window.fetch;
window.fetch = (...what) => {
  const answer = ask(...what).then(async (one) => (await one.clone().arrayBuffer(), one));
  const ended = answer.catch(() => {}).then(() => asked.delete(ended));
  asked.add(ended);
  return answer;
};
navigation.addEventListener("navigate", () => (window.isLeaving = true));
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
# Until every answer is in, and what the page asks for next as well, or until it has left. Its own timers
# stand still.
SETTLED = """async () => {
  const turn = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  });
  for (await turn(); window.asked?.size; await turn()) await Promise.all([...asked]);
  if (window.isLeaving) await new Promise(() => {});
}"""
TELL = """([state, isUp]) => {
  if (!window.sockets) return;
  [window.state, socketsUp] = [state, isUp];
  for (const one of sockets) isUp ? one.onmessage?.({ data: JSON.stringify(state) }) : one.onclose?.();
  if (!isUp) sockets.clear();
}"""
# From now on the sockets speak by themselves, every three seconds of the page's clock: a day takes minutes then.
SPEAK = """([state, isUp]) => {
  if (!window.sockets) return;
  [window.state, socketsUp] = [state, isUp];
  if (window.speaking) return;
  window.speaking = setInterval(() => {
    const message = { data: JSON.stringify({ ...window.state, now: Date.now() }) };
    for (const one of sockets) one.onmessage?.(message);
  }, 3000);
}"""
# Writes down who fills the screen, and for how long by the page's clock; a reload keeps it.
WATCH = """
const watched = () => JSON.parse(sessionStorage.getItem("watched") || "[]");
const keep = (list) => sessionStorage.setItem("watched", JSON.stringify(list));
const end = (list) => list.map(([ticket, from, to]) => [ticket, from, to || Date.now()]);
document.addEventListener("call", () => {
  const panel = document.querySelector("[data-call]");
  keep([...end(watched()), [panel.querySelector("[data-call-ticket]").textContent, Date.now(), 0]]);
  new MutationObserver((_all, me) => {
    if (!panel.hidden) return;
    keep(end(watched()));
    me.disconnect();
  }).observe(panel, { attributeFilter: ["hidden"] });
});
"""
ANNOUNCED = """(() => {
  const panel = document.querySelector("[data-call]");
  return panel && panel.checkVisibility() ? panel.querySelector("[data-call-ticket]").textContent : "";
})()"""


@contextmanager
def leaving(page: Page) -> Iterator[None]:
    """The page may make way for a new one meanwhile."""
    try:
        yield
    except Error as gone:
        assert "navigation" in str(gone), gone
        page.wait_for_load_state()
