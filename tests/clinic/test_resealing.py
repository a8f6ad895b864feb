from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from clinic.models import Clinic, Destination
from clinic.sealed import Secrets
from clinic.services import resealing, second_step
from tests.clinic.sessions.log_ins import code_of, set_up
from tests.factories import make_destination, make_user

pytestmark = pytest.mark.django_db
NEW_KEY = "a-key-of-tomorrow-" + "z" * 40
ALL = Secrets(signing=("whsec_b2xk",), token="t0ken")


@pytest.fixture
def mo(harbor: Clinic) -> User:
    return make_user("mo", harbor, "manager")


def test_old_key_can_go_once_all_is_sealed_anew(harbor: Clinic, mo: User, settings: Any) -> None:
    make_destination(harbor, secrets=ALL)
    codes, ours = set_up(Client(), mo), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [ours]
    said, wrong = StringIO(), StringIO()
    call_command("reseal", stdout=said, stderr=wrong)
    assert said.getvalue() == "Sealed with the newest key: 3.\n" and wrong.getvalue() == ""
    settings.SECRET_KEY_FALLBACKS = []
    assert Destination.objects.get().secrets == ALL and not second_step.is_lost(mo)
    assert second_step.verify(mo, code_of(mo, ahead=1)) and second_step.verify(mo, codes[0])


def test_what_no_key_opens_is_counted_and_left_alone(harbor: Clinic, mo: User, settings: Any) -> None:
    set_up(Client(), mo)
    ours, settings.SECRET_KEY = settings.SECRET_KEY, NEW_KEY
    make_destination(harbor, secrets=ALL)
    assert resealing.reseal() == (1, 2)
    wrong = StringIO()
    call_command("reseal", stdout=StringIO(), stderr=wrong)
    assert "not known here: 2" in wrong.getvalue()
    settings.SECRET_KEY = ours
    assert not second_step.is_lost(mo)


def test_destination_without_secrets_stays_so(harbor: Clinic) -> None:
    emr = make_destination(harbor)
    Destination.objects.filter(pk=emr.pk).update(sealed_secrets="")
    assert resealing.reseal() == (0, 0) and Destination.objects.get().sealed_secrets == ""
