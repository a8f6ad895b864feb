from __future__ import annotations

import errno
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.management import call_command
from django.test import Client

from clinic import bundles, catalogs, fonts, static_files
from clinic.whole_files import DRAFT, write_whole


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path
    return tmp_path


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["a%00b.0123456789ab.css", "a" * 300 + ".0123456789ab.css", "../x.0123456789ab.css"]
)
def test_name_that_no_file_can_have_is_not_found(root: Path, name: str) -> None:
    assert Client(raise_request_exception=True).get(f"/static/{name}").status_code in (400, 404)


def test_file_that_another_build_added_is_served(root: Path) -> None:
    middleware = static_files.StaticFiles(lambda request: request.path_info)
    (root / "late.0123456789ab.css").write_text("a {}")
    middleware._look_for("/static/late.0123456789ab.css")
    assert "/static/late.0123456789ab.css" in middleware.files


# --- What a build writes ---


@pytest.fixture
def sources(root: Path, tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Path:
    """Two files, one of which names the other, as the only static files."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "a.css").write_text("a { background: url('b.svg') } " * 20)
    (folder / "b.svg").write_text("<svg/>" * 50)
    settings.STATICFILES_DIRS = [folder]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "clinic.static_files.BuiltFiles"}}
    return folder


def build(root: Path) -> dict[str, tuple[int, bytes]]:
    """Inode and content of what lies there by the name of its content, after one more build."""
    get_finder.cache_clear()
    call_command("collectstatic", interactive=False, verbosity=0)
    found = [path for path in root.iterdir() if re.search(r"\.[0-9a-f]{12}\.", path.name)]
    return {path.name: (path.stat().st_ino, path.read_bytes()) for path in found}


def test_each_file_lies_there_by_its_content_alone_and_compressed(root: Path, sources: Path) -> None:
    built = build(root)
    assert sorted(re.sub(r"[0-9a-f]{12}", "HASH", name) for name in built) == [
        *("a.HASH.css", "a.HASH.css.br", "a.HASH.css.gz", "b.HASH.svg", "b.HASH.svg.br", "b.HASH.svg.gz")
    ]
    assert not (root / "a.css").exists() and not list(root.glob("*.draft"))


def test_second_build_leaves_alone_what_browsers_may_be_reading(root: Path, sources: Path) -> None:
    first = build(root)
    assert build(root) == first


def test_another_build_adds_its_own_and_keeps_the_others(root: Path, sources: Path) -> None:
    first = build(root)
    (sources / "b.svg").write_text("<svg></svg>" * 50)
    second = build(root)
    assert first.items() <= second.items() and len(second) == 2 * len(first)


def test_what_an_ended_build_left_half_compressed_is_made_whole(root: Path, sources: Path) -> None:
    first = build(root)
    (half,) = root.glob("a.*.css.br")
    half.unlink()
    assert {name: content for name, (_inode, content) in build(root).items()} == {
        name: content for name, (_inode, content) in first.items()
    }


@pytest.mark.parametrize("folder", ["", "fonts"])
def test_draft_of_a_build_that_was_killed_is_not_collected(
    root: Path, sources: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    for made in (fonts, bundles):
        monkeypatch.setattr(made, "make", lambda *_where: None)
    monkeypatch.setattr(catalogs, "sources", list)
    (sources / folder).mkdir(exist_ok=True)
    (sources / folder / f"half.css.12-34{DRAFT}").write_text("a {")
    get_finder.cache_clear()
    call_command("build", stderr=StringIO())
    built = [path.name for path in root.rglob("*") if path.is_file()]
    assert any(name.startswith("a.") for name in built) and [name for name in built if "half" in name] == []


def test_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("old")

    def full_disk(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:1])
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="full"):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_text() == "old"
