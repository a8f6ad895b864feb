from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clinic.build import build_id


@pytest.fixture
def base(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.BASE = tmp_path
    (tmp_path / "clinic" / "locale").mkdir(parents=True)
    (tmp_path / "clinic" / "a.py").write_text("a = 1\n")
    build_id.cache_clear()
    yield tmp_path
    build_id.cache_clear()


def now() -> str:
    build_id.cache_clear()
    return build_id()


def test_other_code_is_another_build(base: Path) -> None:
    before = now()
    (base / "clinic" / "a.py").write_text("a = 2\n")
    assert now() != before


def test_what_a_machine_makes_of_the_code_is_no_other_build(base: Path) -> None:
    before = now()
    (base / "clinic" / "locale" / "django.mo").write_text("compiled at 9:07")
    (base / "clinic" / "__pycache__").mkdir()
    (base / "clinic" / "__pycache__" / "a.pyc").write_text("x")
    assert now() == before
