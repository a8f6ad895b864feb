"""Secrets can be set, and are never shown: not on the form, not when it comes back with errors."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import Clinic, Destination
from clinic.sealed import Secrets
from clinic.services import destinations
from tests.clinic.admin.destination_pages import add, change, filled, look, shown
from tests.clinic.admin.rig import page
from tests.clinic.pem import authority_pem, pair
from tests.factories import SECRET, make_destination

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("every_kind")]


def made_of(harbor: Clinic, kind: str = "webhook", **secrets: Any) -> Destination:
    url = {"webhook": "https://emr.example/", "fhir": "https://emr.example/fhir", "hl7": "mllps://emr.example:1"}
    return make_destination(harbor, url[kind], kind=kind, secrets=Secrets(**secrets))


def kept() -> Secrets:
    return Destination.objects.get().secrets


def test_new_webhook_gets_a_secret_that_is_shown_once(manager: Client, harbor: Clinic) -> None:
    text = add(manager, harbor)
    [secret] = kept().signing
    assert destinations.is_secret(secret)
    assert secret in text
    made = Destination.objects.get()
    assert secret.removeprefix("whsec_")[:12] not in look(manager, made)
    assert secret not in made.sealed_secrets
    assert secret not in "".join(entry.change_message for entry in LogEntry.objects.all())


def test_new_secret_lies_in_no_session_and_no_cache(manager: Client, harbor: Clinic) -> None:
    answer = manager.post(f"{page('destination', 'add')}?kind=webhook", filled(harbor))
    [secret] = kept().signing
    assert secret in shown(answer)
    assert "no-store" in answer["cache-control"]
    assert not [row for row in Session.objects.all() if secret in str(row.get_decoded())]
    assert secret not in manager.get(reverse("admin:index")).content.decode()


def test_a_change_of_something_else_keeps_all_secrets(manager: Client, harbor: Clinic) -> None:
    before = Secrets(signing=(SECRET,), token="t0ken")
    made = make_destination(harbor, "https://emr.example/", secrets=before)
    change(manager, made, seconds=9)
    assert kept() == before


def test_signing_secrets_are_changed_in_two_steps(manager: Client, harbor: Clinic) -> None:
    made = made_of(harbor, signing=(SECRET,))
    text = change(manager, made, signing="add")
    fresh, old = kept().signing
    assert (old, fresh in text) == (SECRET, True)
    assert re.search(r"2, by fingerprint, the newest first: [0-9a-f]{8}, [0-9a-f]{8}", look(manager, made))
    assert fresh not in look(manager, made)
    change(manager, made, signing="end")
    assert kept().signing == (fresh,)


def test_the_other_side_may_choose_the_secret(manager: Client, harbor: Clinic) -> None:
    made, theirs = made_of(harbor, signing=(SECRET,)), destinations.new_secret()
    assert theirs not in change(manager, made, signing="add", secret=theirs)
    assert kept().signing == (theirs, SECRET)


@pytest.mark.parametrize("secret", ["hunter2", "whsec_c2hvcnQ=", "whsec_not base64!", "c2VjcmV0" * 5])
def test_poor_secret_is_refused_and_not_repeated(manager: Client, harbor: Clinic, secret: str) -> None:
    text = add(manager, harbor, secret=secret)
    assert "24 bytes or more" in text
    assert secret not in text
    assert not Destination.objects.exists()


def test_token_is_set_kept_and_forgotten(manager: Client, harbor: Clinic) -> None:
    made = made_of(harbor, "fhir")
    assert "eyJh.b-c" not in change(manager, made, token="Bearer eyJh.b-c")
    assert kept().token == "eyJh.b-c"
    change(manager, made, seconds=7)
    assert kept().token == "eyJh.b-c"
    change(manager, made, forget_token="on")
    assert kept().token == ""


def test_token_that_cannot_stand_in_a_header_is_refused(manager: Client, harbor: Clinic) -> None:
    assert "has no spaces" in change(manager, made_of(harbor, "fhir"), token="two words")


def test_certificate_and_key_are_kept_as_a_pair(manager: Client, harbor: Clinic) -> None:
    made, ours = made_of(harbor, "hl7"), pair()
    change(
        manager, made, client_certificate=ours.certificate, private_key=ours.key, ca_certificate=authority_pem()
    )
    stored = Destination.objects.get()
    assert (stored.client_certificate, kept().private_key) == (ours.certificate.strip(), ours.key.strip())
    assert stored.ca_certificate == authority_pem().strip()
    change(manager, stored, seconds=7)
    assert kept().private_key == ours.key.strip()
    assert ours.key.splitlines()[2] not in look(manager, stored)
    change(manager, stored, client_certificate="")
    assert kept().private_key == ""


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (lambda: {"client_certificate": pair().certificate}, "That is no private key"),
        (lambda: {"private_key": pair().key}, "Paste the certificate of this private key"),
        (
            lambda: {"client_certificate": pair().certificate, "private_key": pair("other.example").key},
            "is not that of the first",
        ),
        (lambda: {"client_certificate": pair().key}, "A private key is in it"),
        (lambda: {"ca_certificate": "hunter2"}, "no certificate in PEM"),
    ],
    ids=["no key", "no certificate", "another's key", "key for certificate", "no PEM"],
)
def test_what_does_not_belong_together_is_refused(manager: Client, harbor: Clinic, said: Any, why: str) -> None:
    made = made_of(harbor, "hl7")
    text = change(manager, made, **said())
    assert why in text
    if key := said().get("private_key"):
        assert key.splitlines()[2] not in text, "a form with errors repeats the key"
    assert kept() == Secrets()


def test_end_of_a_certificate_is_shown_and_warned_of(manager: Client, harbor: Clinic) -> None:
    made = made_of(harbor, "hl7")
    Destination.objects.update(
        ca_certificate=authority_pem(),
        client_certificate=pair(until=timezone.now() + timedelta(days=9, hours=1)).certificate,
    )
    text = look(manager, made)
    assert "Good until" in text
    assert "in 9 days. Get a new one now." in text
    assert "Our certificate: It ends on" in shown(manager.get(page("destination", "changelist")))


def test_secrets_under_a_lost_key_are_said_to_be_and_are_set_anew(
    manager: Client, harbor: Clinic, settings: Any
) -> None:
    made = made_of(harbor, signing=(SECRET,))
    Destination.objects.update(sealed_secrets="gAAAAA-of-another-key")
    assert "None can be read" in look(manager, made)
    assert "shown only now" in change(manager, made)
    assert len(kept().signing) == 1
