"""A call is heard: two notes, then words where the browser has a voice; and the screen says when it is silent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.studio import Screen, Studio, open_screen

# What the page plays and says is written down, in place of loudspeaker and voices.
EAR = """
window.heard = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  heard.push(`note ${Math.round(this.frequency.value)}`);
  return start.apply(this, when);
};
const voices = ["en-US", "es-MX", "ar-SA"].map((lang) => ({ lang }));
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => voices,
  cancel: () => {},
  speak: (said) => { heard.push(`${said.lang}: ${said.text}`); setTimeout(said.onend, 2000); },
}});
"""
FAIL_ONCE = """(name) => {
  const own = window[name];
  window[name] = class { constructor() { window[name] = own; throw new Error("no device"); } };
}"""
NOTES = ["note 880", "note 659"]
SHOWN, AGAIN = 10, 20


@pytest.fixture
def screen(context: BrowserContext, studio: Studio) -> Screen:
    context.add_init_script(EAR)
    return open_screen(context, studio)


def turn_on(screen: Screen) -> None:
    screen.page.mouse.click(600, 400)
    expect(screen.page.locator("html")).to_have_attribute("data-sound", "on")


def heard(screen: Screen) -> list[str]:
    """Since the last time that this was asked."""
    said: list[str] = screen.page.evaluate("heard.splice(0)")
    return said


def call(screen: Screen, ticket: str, language: str = "en") -> None:
    screen.studio.call(ticket, language=language)
    screen.shows(screen.studio.version)
    screen.keep_up(6, 1)


def set_up(screen: Screen, **how: Any) -> None:
    screen.studio.shown = replace(screen.studio.shown, **how)
    screen.studio.changed()
    screen.shows(screen.studio.version)


def test_screen_says_that_it_is_silent_until_somebody_taps_it(screen: Screen) -> None:
    badge, root = screen.page.locator("[data-sound-off]"), screen.page.locator("html")
    expect(root).to_have_attribute("data-sound", "off")
    expect(badge).to_have_text("Sound is off: tap the screen once")
    expect(badge).to_be_visible()
    turn_on(screen)
    expect(badge).to_be_hidden()
    set_up(screen, volume=0)
    assert root.get_attribute("data-sound") == "none" and not badge.is_visible()


def test_call_chimes_and_speaks_and_does_so_once_more_if_nobody_comes(screen: Screen) -> None:
    turn_on(screen)
    call(screen, "B27")
    words = "en-US: B, 2, 7, please go to Room 2"
    assert heard(screen) == [*NOTES, words]
    screen.keep_up(AGAIN - 6 - 1, 1)
    assert heard(screen) == []
    screen.keep_up(7, 1)
    assert heard(screen) == [*NOTES, words]
    screen.keep_up(60)
    assert heard(screen) == []


def test_each_of_three_calls_in_a_row_is_heard_twice(screen: Screen) -> None:
    turn_on(screen)
    for ticket in ("B1", "B2", "B3"):
        screen.studio.call(ticket)
        screen.shows(screen.studio.version)
    screen.keep_up(3 * SHOWN + AGAIN, 1)
    once = [sound for number in "123" for sound in (*NOTES, f"en-US: B, {number}, please go to Room 2")]
    assert heard(screen) == once * 2


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize(
    ("language", "words"),
    [("es", "es-MX: B, 2, por favor, vaya a Room 2"), ("ar", "ar-SA: B, 2، يرجى التوجه إلى Room 2")],
)
def test_call_speaks_the_patients_language(screen: Screen, language: str, words: str) -> None:
    call(screen, "B2", language)
    assert heard(screen) == [words]


@pytest.mark.parametrize(
    ("part", "rest"), [("GainNode", ["en-US: A, 1, please go to Room 2"]), ("SpeechSynthesisUtterance", NOTES)]
)
def test_sound_that_fails_takes_nothing_else_with_it(screen: Screen, part: str, rest: list[str]) -> None:
    turn_on(screen)
    screen.page.evaluate(FAIL_ONCE, part)
    call(screen, "A1")
    assert heard(screen) == rest
    screen.studio.room("A1")
    call(screen, "A2")
    assert heard(screen) == [*NOTES, "en-US: A, 2, please go to Room 2"]


def test_who_came_is_not_called_once_more(screen: Screen) -> None:
    turn_on(screen)
    call(screen, "B27")
    screen.studio.room("B27")
    screen.shows(screen.studio.version)
    heard(screen)
    screen.keep_up(AGAIN * 2)
    assert heard(screen) == []


def test_chime_and_voice_work_without_each_other(screen: Screen) -> None:
    call(screen, "A10")
    assert heard(screen) == ["en-US: A, 1, 0, please go to Room 2"]
    turn_on(screen)
    call(screen, "A11", language="vi")
    # There is no voice for that language.
    assert heard(screen) == NOTES
    screen.studio.room("A10")
    screen.studio.room("A11")
    set_up(screen, speaks=False)
    screen.keep_up(40)
    heard(screen)
    call(screen, "A12")
    assert heard(screen) == NOTES
    set_up(screen, volume=0, speaks=True)
    screen.keep_up(40)
    call(screen, "A13")
    assert heard(screen) == []
