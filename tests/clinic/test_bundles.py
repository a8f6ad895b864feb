"""Bundles: whole, small, and linked to by their names alone."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

from clinic import bundles
from clinic.bundles import BUNDLES, SHARED

SOURCES: Path = settings.BASE / "static"
TEMPLATES: Path = settings.BASE / "templates"
MOST_CSS, MOST_JS = 12_000, 12_000
# Not of our own pages: the admin's, and what is served by itself.
APART = {"css/admin.css"}


def linked() -> set[str]:
    """What templates name as a static file."""
    texts = (path.read_text() for path in TEMPLATES.rglob("*.html"))
    return {name for text in texts for name in re.findall(r"static '([^']+)'", text)}


def test_every_link_to_a_bundle_leads_to_one_and_every_bundle_is_used() -> None:
    assert {name.removeprefix("bundles/") for name in linked() if name.startswith("bundles/")} == set(BUNDLES)


def test_no_page_links_to_a_source_and_no_source_is_left_out() -> None:
    sources = {str(path.relative_to(SOURCES)) for kind in ("css", "js") for path in (SOURCES / kind).iterdir()}
    assert linked() & sources <= APART
    assert sources - APART == {part for parts in BUNDLES.values() for part in parts}


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_bundle_is_small(name: str) -> None:
    size = len(gzip.compress(bundles.joined(SOURCES, BUNDLES[name]).encode(), 9))
    assert size < (MOST_CSS if name.endswith(".css") else MOST_JS)


def test_made_bundle_has_its_parts_in_order(tmp_path: Path) -> None:
    bundles.make(SOURCES, tmp_path / "bundles")
    made = (tmp_path / "bundles" / "kiosk.css").read_text()
    places = [made.index((SOURCES / part).read_text()) for part in BUNDLES["kiosk.css"]]
    assert places == sorted(places) and BUNDLES["kiosk.css"][:2] == SHARED
