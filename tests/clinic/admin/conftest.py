from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic.integrations import kinds, webhook
from clinic.models import Clinic, Destination
from tests.clinic.admin.rig import logged_in
from tests.factories import make_clinic, make_user


@pytest.fixture
def harbor(db: None) -> Clinic:
    return make_clinic("harbor")


@pytest.fixture
def hill(db: None) -> Clinic:
    return make_clinic("hill")


@pytest.fixture
def mo(harbor: Clinic) -> User:
    return make_user("mo", harbor, "manager", is_staff=True)


@pytest.fixture
def manager(mo: User) -> Client:
    return logged_in(mo)


@pytest.fixture
def superuser(db: None) -> Client:
    return logged_in(make_user("admin", is_staff=True, is_superuser=True))


@pytest.fixture
def every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those whose module is not there yet, with the choices of a webhook."""
    for kind in Destination.Kind:
        monkeypatch.setitem(kinds.SENDERS, kind, kinds.SENDERS.get(kind, webhook))
