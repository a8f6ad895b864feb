"""axe-core on an open page, by the rules of WCAG 2.2 AA."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Colours on their way from one scheme to the other are none that anybody reads.
RUN = """([within, options]) => {
    for (const one of document.getAnimations()) one.finish();
    return axe.run(within, options).then(found => found.violations);
}"""


def violations(page: Page, within: str = "html") -> list[str]:
    """What axe finds wrong with the page as it stands, or with a part of it: the rule, where, and its message."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    return [_told(rule, node) for rule in page.evaluate(RUN, [within, options]) for node in rule["nodes"]]


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    said = node["any"] or node["all"] or node["none"]
    return f"{rule['id']} at {' '.join(map(str, node['target']))}: {said[0]['message'] if said else rule['help']}"
