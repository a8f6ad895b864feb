"""The wait-room screen at its real sizes, from empty to eighty patients, and in each failure: nothing is cut."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext

from clinic.presenters import MonitorRow, Shown
from clinic.screen_sizes import CALLED_FONT, type_for
from tests.browser import axe, cover, layout
from tests.browser.studio import Screen, Studio, open_screen

SIZES = [(1920, 1080), (1366, 768), (3840, 2160), (1080, 1920)]
LONGEST_ROOM = "Consultorio de otorrinología 3"
ROOMS = ["Room 1", "Front desk", LONGEST_ROOM, "Room 12", "Vaccinations", "X-ray", "Lab", "Treatment room west"]
# How many are called and how many wait. The first are looked at on each screen: empty, full, and more than fit.
COVER = [(0, 0), (4, 8), (18, 60)]
OTHERS = [(1, 0), (0, 1), (5, 2), (6, 34), (8, 12), (10, 16), (16, 24)]
USUAL = (1920, 1080)
# What must be whole in the window: all of a board, or all of a call.
BOARD = [".calls li", ".line li", ".tv-foot > p", ".tv-banner", ".tv-hidden", ".more"]
CALL = [".tv-call > *"]


def rows(state: str, number: int, *, label: str = "") -> list[MonitorRow]:
    return [
        MonitorRow(f"{'ABCDEFGH'[n // 10]}{10 + n}", state, label, ROOMS[n % 8] if state == "called" else "", 1)
        for n in range(number)
    ]


def show(screen: Screen, called: int, waiting: int, *, label: str = "", shown: Shown | None = None) -> None:
    studio = screen.studio
    studio.called = rows("called", called, label=label)
    studio.waiting = rows("waiting", called + waiting, label=label)[called:]
    studio.shown = shown or Shown()
    studio.changed()
    screen.shows(studio.version)
    screen.page.evaluate("document.getAnimations().forEach((one) => one.finish())")


def check(screen: Screen, where: object, *, with_axe: bool = False) -> None:
    wrong = layout.faults(screen.page, sight=CALL if screen.announced else BOARD)
    if with_axe:
        with screen.running():
            wrong += axe.violations(screen.page)
    assert wrong == [], where


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_cut_and_axe_finds_nothing(browser: Browser, studio: Studio, size: tuple[int, int]) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    screen = open_screen(context, studio)
    crowds = [*COVER, *OTHERS] if size == USUAL else cover.of(COVER, OTHERS)
    for called, waiting in crowds:
        show(screen, called, waiting)
        # Called long ago: nothing is announced.
        check(screen, (called, waiting), with_axe=(called, waiting) in COVER)
    for waiting in (7, 14, 35):
        show(screen, 5, waiting, label="Maximiliana W.")
        check(screen, ("with names", waiting))
    for distance, label in [(4.6, ""), (6, "Maximiliana W."), (8, "Maximiliana W."), (12, "")]:
        show(screen, 8, 44, label=label, shown=Shown(type=type_for(55, distance)))
        check(screen, distance)
        assert screen.page.locator(".calls li:visible").count() == type_for(55, distance).called_rows
    _check_a_call(screen)
    _check_old(screen)
    context.close()


def _check_a_call(screen: Screen) -> None:
    for room in ("Room 2", LONGEST_ROOM):
        screen.studio.call("W88", room, "es", label="Maximiliana W.")
        screen.shows(screen.studio.version)
        screen.page.evaluate("document.getAnimations().forEach((one) => one.finish())")
        assert screen.announced == "W88"
        check(screen, room, with_axe=True)
        screen.keep_up(10)


def _check_old(screen: Screen) -> None:
    screen.studio.up = False
    screen.studio.cut_sockets()
    for seconds in (20, 50, 240):
        screen.pass_time(seconds)
        screen.page.evaluate("document.getAnimations().forEach((one) => one.finish())")
        check(screen, seconds, with_axe=seconds != 50)


def test_letters_are_as_high_as_the_farthest_seat_needs(context: BrowserContext, studio: Studio) -> None:
    context.set_default_timeout(5000)
    screen = open_screen(context, studio)
    screen.page.set_viewport_size({"width": 1920, "height": 1080})
    for inches, metres in [(43, 6), (55, 6), (55, 8), (65, 4.6)]:
        size = type_for(inches, metres)
        for called in range(1, 9):
            show(screen, called, 3, shown=Shown(type=size))
            least = screen.page.eval_on_selector_all(
                ".calls li:not([hidden]) .ticket",
                "all => Math.min(...all.map((one) => parseFloat(getComputedStyle(one).fontSize)))",
            )
            assert least >= size.called_row * CALLED_FONT * 10.8 - 0.1, (inches, metres, called)
