from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clinic import catalogs
from clinic.models import Clinic, Room
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import paired_client
from tests.factories import make_clinic, make_user


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def ana(clinic: Clinic) -> Client:
    return logged_in(make_user("ana", clinic))


@pytest.fixture
def ben(clinic: Clinic) -> Client:
    return logged_in(make_user("ben", clinic))


@pytest.fixture
def room(clinic: Clinic) -> Room:
    return clinic.rooms.all()[0]


@pytest.fixture
def kiosk(clinic: Clinic) -> Client:
    return paired_client(clinic)


@pytest.fixture
def spanish(settings: Any, tmp_path: Path) -> Path:
    """All catalogs, compiled as `manage.py build` does it, but not in the checkout. The source of the Spanish."""
    sources = {catalogs.code_of(source): source for source in catalogs.sources()}
    for code, source in sources.items():
        copy = tmp_path / code / "LC_MESSAGES" / "django.po"
        copy.parent.mkdir(parents=True)
        catalogs.make(Path(shutil.copy(source, copy)))
    settings.LOCALE_PATHS = [tmp_path]
    return sources["es"]
