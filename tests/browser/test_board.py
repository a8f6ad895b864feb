"""What a live page does with boards that come late, without any server."""

from __future__ import annotations

from django.conf import settings
from playwright.sync_api import Browser

BOARD = '<main data-topic="a" data-version="5"><div data-board="in-place"><b>5</b></div></main>'
PUT = "async () => { const late = board.put('<b>8</b>', 8); await board.put('<b>7</b>', 7); await late; }"


def test_board_that_is_older_than_what_is_shown_by_the_time_hands_are_off_is_dropped(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(BOARD)
    page.add_script_tag(path=settings.BASE / "static/js/board.js")
    page.evaluate(PUT)
    shown = page.locator("[data-board]").inner_text()
    page.evaluate("board.put('<b>9</b>', 9)")
    assert (shown, page.locator("[data-board]").inner_text()) == ("8", "9")
    page.close()
