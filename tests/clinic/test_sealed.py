"""Secrets at rest: never in clear, readable with the keys of today and of before, and with no other."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as some

from clinic import sealed
from clinic.integrations import jobs
from clinic.models import Clinic, Destination
from clinic.models.deliveries import Failure
from clinic.sealed import Secrets, Unreadable
from tests.clinic.owed import owe, row
from tests.clinic.receiver import Receiver
from tests.factories import make_destination

ALL = Secrets(signing=("whsec_bmV3", "whsec_b2xk"), token="t0ken-of-Zoë", private_key="-----BEGIN KEY-----\nMIIx")
NEW_KEY = "a-key-of-tomorrow-" + "z" * 40


@settings(max_examples=20, deadline=None)
@given(some.lists(some.text(), max_size=3), some.text(), some.text())
def test_what_is_sealed_is_read_back(signing: list[str], token: str, key: str) -> None:
    secrets = Secrets(tuple(signing), token, key)
    assert sealed.unseal(sealed.seal(secrets)) == secrets


def test_nothing_is_sealed_as_nothing() -> None:
    assert sealed.unseal("") == Secrets()


def test_same_secrets_never_look_the_same() -> None:
    assert sealed.seal(ALL) != sealed.seal(ALL)


@pytest.mark.django_db
def test_row_holds_no_secret_in_clear(harbor: Clinic) -> None:
    emr = make_destination(harbor, secrets=ALL)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM clinic_destination")
        stored = repr(cursor.fetchall())
    for secret in (*ALL.signing, "t0ken", "MIIx", "BEGIN KEY"):
        assert secret not in stored
        assert secret not in repr(vars(emr))
    assert Destination.objects.get().secrets == ALL


def test_key_of_before_still_reads_and_the_new_one_seals(settings: Any) -> None:
    text, old = sealed.seal(ALL), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [old]
    assert sealed.unseal(text) == ALL
    anew = sealed.seal(ALL)
    settings.SECRET_KEY_FALLBACKS = []
    assert sealed.unseal(anew) == ALL
    with pytest.raises(Unreadable):
        sealed.unseal(text)


@pytest.mark.parametrize("text", ["x", "gAAAAA", "é"])
def test_what_was_never_sealed_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        sealed.unseal(text)


def test_changed_text_is_unreadable() -> None:
    text = sealed.seal(ALL)
    place = len(text) // 2
    with pytest.raises(Unreadable):
        sealed.unseal(text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :])


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["webhook", "fhir"])
def test_delivery_waits_while_its_secrets_cannot_be_read(
    harbor: Clinic, receiver: Receiver, no_redis: list[Any], settings: Any, kind: str
) -> None:
    emr, ours = make_destination(harbor, receiver.url, kind=kind), settings.SECRET_KEY
    (pk,) = owe(harbor)
    settings.SECRET_KEY = NEW_KEY
    jobs.deliver(emr.pk)
    assert (row(pk).state, row(pk).last_failure) == ("pending", Failure.SETUP)
    assert row(pk).last_error == "its secrets were kept under another EVENKEEL_SECRET_KEY: set them again"
    assert receiver.posts == []
    settings.SECRET_KEY_FALLBACKS = [ours]
    assert emr.secrets
