from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clinic import static_files


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
