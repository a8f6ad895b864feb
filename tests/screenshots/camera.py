"""Takes the pictures, and makes a page that shows them all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

SIZES = {
    "kiosk": (1080, 1920),
    "tablet": (1180, 820),
    "monitor": (1920, 1080),
    "desk": (1366, 768),
    "phone": (360, 740),
}
INDEX = """<!doctype html><meta charset="utf-8"><title>Evenkeel: every screen</title>
<style>body{{font:16px sans-serif;margin:24px;background:#e9e7e1}}main{{display:flex;flex-wrap:wrap;gap:24px}}
figure{{margin:0}}img{{height:420px;background:#fff}}</style>
<main>{figures}</main>"""
FIGURE = (
    '<figure><a href="{name}.png"><img src="{name}.png" alt="{name}"></a><figcaption>{name}</figcaption></figure>'
)


@dataclass
class Camera:
    """Pictures go to `folder`, by their names."""

    browser: Browser
    folder: Path
    names: list[str] = field(default_factory=list)

    @contextmanager
    def at(self, size: str, **more: Any) -> Iterator[BrowserContext]:
        """A browser profile whose window is that large."""
        width, height = SIZES[size]
        context = self.browser.new_context(viewport={"width": width, "height": height}, **more)
        context.set_default_timeout(15_000)
        yield context
        context.close()

    def take(self, page: Page, name: str) -> None:
        """What the window shows once its letters are there and nothing moves any more."""
        page.evaluate("document.fonts.ready.then(() => true)")
        page.screenshot(path=self.folder / f"{name}.png", animations="disabled")
        self.names.append(name)
        print(name, file=sys.stderr, flush=True)

    def write_index(self) -> Path:
        figures = "\n".join(FIGURE.format(name=name) for name in self.names)
        path = self.folder / "index.html"
        path.write_text(INDEX.format(figures=figures))
        return path
