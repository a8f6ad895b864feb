"""What a patient may set on every page of the kiosk beside the language: the text's size, and the contrast."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Tool(NamedTuple):
    """One thing to set, and its choices: the first one holds until another is taken."""

    name: str
    title: Any
    choices: dict[str, Any]


TOOLS = [
    Tool("size", _("Text size"), {"100": "100 %", "130": "130 %", "160": "160 %"}),
    Tool("contrast", _("Contrast"), {"normal": _("Normal"), "high": _("High contrast"), "dark": _("Dark")}),
]


def offers(name: str, choice: str) -> bool:
    return any(tool.name == name and choice in tool.choices for tool in TOOLS)


def look(chosen: dict[str, str]) -> dict[str, str]:
    """What holds for each tool."""
    return {tool.name: chosen.get(tool.name, next(iter(tool.choices))) for tool in TOOLS}
