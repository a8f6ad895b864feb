"""The measures themselves: each fault that a page can have is found, and a sound page has none."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from tests.browser import axe, layout

SHELL = "<!doctype html><html lang=en><title>T</title><style>:root {{ --mm: 4px }}</style><main>{}</main>"
SOUND = "<h1>Hello</h1><button style='min-width: 90px; height: 90px'>Go on</button>"
FAULTS = [
    ("small: ", "<button style='width: 79px; height: 200px'>Go</button>"),
    ("clipped: ", "<p style='overflow: hidden; width: 40px; white-space: nowrap'>Far too long</p>"),
    ("clipped: ", "<button style='width: 90px; height: 90px; white-space: nowrap'>Far too long for this</button>"),
    ("tight: ", "<button style='width: max-content; height: 90px; padding: 0 1px'>Septiembre</button>"),
    ("outside: ", "<p style='position: fixed; left: -9px'>Left</p>"),
    ("overlap: ", "<button style='width: 90px; height: 90px; margin-right: -20px'>A</button>" * 2),
    ("scrolls sideways: ", "<div style='width: 200vw'>Wide</div>"),
    ("out of sight: ", "<button style='width: 90px; height: 90px; margin-top: 200vh'>Go</button>"),
    ("hidden: ", "<p style='position: absolute; clip-path: inset(50%)'>Remember it</p>"),
    ("covered: ", SOUND + "<i style='position: fixed; inset: 0; background: red'></i>"),
]


def test_each_fault_is_found_and_a_sound_page_has_none(context: BrowserContext) -> None:
    page = context.new_page()
    page.set_content(SHELL.format(SOUND))
    assert layout.faults(page, [("button", 20)], unit="mm", sight=["button"]) == []
    for kind, body in FAULTS:
        page.set_content(SHELL.format(body))
        found = layout.faults(page, [("button", 20)], unit="mm", sight=["button"], hidden=[".for-readers"])
        assert any(fault.startswith(kind) for fault in found), (kind, found)


@pytest.mark.parametrize(("body", "rule"), [("<img src=x>", "image-alt"), (SOUND, "")])
def test_axe_names_the_rule_and_the_place(context: BrowserContext, body: str, rule: str) -> None:
    page = context.new_page()
    page.set_content(SHELL.format(body))
    assert [told.split(":")[0] for told in axe.violations(page)] == ([f"{rule} at img"] if rule else [])
