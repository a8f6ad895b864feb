"""What the desk's colours are kept for, from its style sheet alone."""

from __future__ import annotations

from django.conf import settings
from playwright.sync_api import Browser

from clinic.bundles import BUNDLES, joined

LANES = """
<body class="desk"><p class="facts"><strong>Room 1</strong>
<strong class="lane" data-lane="immediate"></strong><strong class="lane" data-lane="priority"></strong>
<strong class="lane" data-lane="quick"></strong></p>
"""
COLOURS = "all => all.map(one => getComputedStyle(one).color)"


def test_lane_in_the_colour_of_alarms_is_the_immediate_one_alone(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(LANES)
    page.add_style_tag(content=joined(settings.BASE / "static", BUNDLES["desk.css"]))
    plain, immediate, *others = page.locator("strong").evaluate_all(COLOURS)
    page.close()
    assert immediate != plain and others == [plain, plain]
