"""The desk's search takes letters for the same as the server does that writes what cards are found by."""

from __future__ import annotations

from django.conf import settings
from playwright.sync_api import Browser, Page

from tests.folds import FOLDS

BOARD = """
<div data-board>
  <form class="card" data-find=""></form> <input id="find"> <p data-found data-words="%n of %all"></p>
</div>
"""
FINDS = """([typed, card]) => {
  document.querySelector(".card").dataset.find = card;
  document.getElementById("find").value = typed;
  document.getElementById("find").dispatchEvent(new InputEvent("input", { bubbles: true }));
  return !document.querySelector(".card").hidden;
}"""


def finds(page: Page, typed: str, card: str) -> bool:
    return bool(page.evaluate(FINDS, [typed, card]))


def test_search_folds_as_the_server_does(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(BOARD)
    page.add_script_tag(path=settings.BASE / "static/js/desk-find.js")
    wrong = [
        written
        for written, folded in FOLDS
        if not finds(page, written, folded)
        or finds(page, written, folded[1:])
        or finds(page, written, folded[:-1])
    ]
    page.close()
    assert wrong == []
