"""The catalogs are whole; and each thing that can be wrong with one is found and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django.core.management import CommandError, call_command

from clinic import catalogs

ARABIC = Path(ours.LOCALE_PATHS[0]) / "ar" / "LC_MESSAGES" / "django.po"
PLURAL = "%(n)s person is ahead of you."


@pytest.fixture
def own(settings: Any, tmp_path: Path) -> Path:
    """The Arabic catalog, alone and ours to break."""
    copy = tmp_path / "ar" / "LC_MESSAGES" / "django.po"
    copy.parent.mkdir(parents=True)
    copy.write_text(ARABIC.read_text())
    settings.LOCALE_PATHS = [tmp_path]
    return copy


def changed(source: Path, change: Callable[[Any], None]) -> list[str]:
    """What is wrong with it after this change."""
    catalog = catalogs.read(source)
    change(catalog)
    catalogs.write(source, catalog)
    return catalogs.problems(source)


def put(text: str, value: Any) -> Callable[[Any], None]:
    def change(catalog: Any) -> None:
        catalog[text].string = value

    return change


def test_every_catalog_is_whole() -> None:
    assert [line for source in catalogs.sources() for line in catalogs.problems(source)] == []
    assert len(catalogs.wanted("ar")) > 180 and len(catalogs.wanted("es")) > len(catalogs.wanted("ar")) + 200


def test_a_catalog_is_all_that_a_language_takes() -> None:
    assert [code for code, _name in ours.LANGUAGES] == ["en", *map(catalogs.code_of, catalogs.sources())]


def test_sound_catalog_may_be_offered(own: Path) -> None:
    assert changed(own, lambda catalog: None) == []
    assert "Plural-Forms: nplurals=6" in own.read_text() and own.read_text() == ARABIC.read_text()
    call_command("catalogs", "check")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda catalog: catalog.__delitem__("Change"), "ar: missing: Change"),
        (lambda catalog: catalog.add("Out of use", "x"), "ar: no longer in use: Out of use"),
        (put("Change", ""), "ar: not translated: Change"),
        (lambda catalog: catalog["Change"].flags.add("fuzzy"), "ar: a guess that nobody checked: Change"),
        (
            put("Your place is in %(room)s.", "%(rom)s"),
            "ar: a placeholder or tag differs: Your place is in %(room)s.",
        ),
        (put("You are in <b>%(room)s</b>", "%(room)s"), "ar: a placeholder or tag differs"),
        (put(PLURAL, ("a", "b")), f"ar: not translated: {PLURAL}"),
        (put(PLURAL, ("a", "b", "c", "d", "", "%(n)s")), f"ar: not translated: {PLURAL}"),
        (put(PLURAL, ("a", "b", "c", "d", "e", "f")), f"ar: a placeholder or tag differs: {PLURAL}"),
    ],
)
def test_what_is_wrong_is_named_and_refused(own: Path, change: Callable[[Any], None], said: str) -> None:
    (problem,) = changed(own, change)
    assert problem.startswith(said)
    with pytest.raises(CommandError, match="only offered when its catalog is whole"):
        call_command("catalogs", "check")


def test_forms_for_one_and_two_need_no_number(own: Path) -> None:
    assert changed(own, put(PLURAL, ("none", "one", "two", "%(n)s", "%(n)s", "%(n)s"))) == []


def test_new_language_begins_with_all_that_patients_read(settings: Any, tmp_path: Path) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    call_command("catalogs", "update", "pl")
    source = tmp_path / "pl" / "LC_MESSAGES" / "django.po"
    found = catalogs.problems(source)
    assert len(found) == len(catalogs.wanted("pl")) and {line.split(": ")[1] for line in found} == {
        "not translated"
    }
    assert "nplurals=" in source.read_text()


def test_update_keeps_what_is_translated_and_drops_what_is_out_of_use(own: Path) -> None:
    changed(own, lambda catalog: catalog.add("Out of use", "x"))
    changed(own, lambda catalog: catalog.__delitem__("Change"))
    call_command("catalogs", "update", "ar")
    assert catalogs.problems(own) == ["ar: not translated: Change"]


def test_unknown_language_is_refused() -> None:
    with pytest.raises(CommandError, match="Django knows no language"):
        call_command("catalogs", "update", "xx")
