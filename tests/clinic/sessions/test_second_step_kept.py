"""What is kept of a second step: sealed, by the keys of today and of before; and what is said once it is lost."""

from __future__ import annotations

from base64 import b32encode
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic import sealed
from clinic.models import AuditEvent, Clinic, PaperCodes, PhoneKey
from clinic.models.second_step import is_digits
from clinic.services import second_step
from tests.clinic.sessions.log_ins import code_of, is_in, send_password, set_up
from tests.factories import make_user
from tests.models.test_two_at_once import at_once

NEW_KEY = "a-key-of-tomorrow-" + "z" * 40
LOST = "evenkeel second_step reset mo"


@pytest.fixture
def mo(harbor: Clinic) -> User:
    return make_user("mo", harbor, "manager")


def at_the_code(name: str = "mo") -> Client:
    client = Client()
    send_password(client, name)
    return client


@pytest.mark.django_db
def test_rows_hold_neither_key_nor_code(mo: User) -> None:
    codes = [code.replace("-", "") for code in set_up(Client(), mo)]
    key = PhoneKey.objects.get().key
    stored = ""
    for table in (PhoneKey._meta.db_table, PaperCodes._meta.db_table):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            stored += repr(cursor.fetchall())
    assert len(key) == 20 and len(codes) == 10 and all(len(code) == 8 for code in codes)
    marks = [key.hex(), b32encode(key).decode(), repr(key)[2:-1], *codes, *[code.upper() for code in codes]]
    assert [mark for mark in marks if mark in stored] == []


@pytest.mark.django_db
def test_same_code_on_two_papers_is_kept_as_two_digests(mo: User, ana: User) -> None:
    """So that one person's paper says nothing of another's, and no list made beforehand fits any."""
    papers = [PaperCodes(user=user, name="paper") for user in (mo, ana)]
    for paper in papers:
        paper.keep(["abcd2345"])
    assert papers[0].digests != papers[1].digests and [len(paper.digests[0]) for paper in papers] == [64, 64]


@pytest.mark.django_db
def test_key_of_before_still_opens(mo: User, settings: Any) -> None:
    codes = set_up(Client(), mo)
    phone, ours = code_of(mo, ahead=1), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [ours]
    for code in (phone, codes[0]):
        client = at_the_code()
        assert LOST not in client.get("/login/code/").content.decode()
        client.post("/login/code/", {"code": code})
        assert is_in(client)


@pytest.mark.django_db
@pytest.mark.parametrize("by", ["phone", "paper"])
def test_lost_secret_key_is_said_and_a_reset_heals_it(mo: User, settings: Any, by: str) -> None:
    codes = set_up(Client(), mo)
    code = code_of(mo, ahead=1) if by == "phone" else codes[0]
    settings.SECRET_KEY = NEW_KEY
    client = at_the_code()
    assert LOST in client.get("/login/code/").content.decode()
    answer = client.post("/login/code/", {"code": code})
    assert answer.status_code == 200 and LOST in answer.content.decode() and not is_in(client)
    assert AuditEvent.objects.filter(action="login.fail", detail__why="unreadable").count() == 1
    call_command("second_step", "reset", "mo", stdout=StringIO())
    assert len(set_up(Client(), mo)) == 10


@pytest.mark.django_db
def test_lost_secret_key_replaces_no_second_step(mo: User, settings: Any) -> None:
    codes, other = set_up(Client(), mo), settings.SECRET_KEY
    client = at_the_code()
    client.post("/login/code/", {"code": codes[0]})
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [other]
    assert client.get("/desk/").status_code == 200, "the log-in goes on"
    PhoneKey.objects.update(sealed_key="of-another-key")
    PaperCodes.objects.update(sealed_key="of-another-key")
    assert LOST in client.get("/login/set-up/").content.decode()
    said = {"password": "pw-of-mo", "old_code": codes[1], "code": code_of(mo)}
    page = client.post("/login/set-up/", said).content.decode()
    assert LOST in page and "does not fit" not in page and PhoneKey.objects.filter(confirmed=True).count() == 1


@pytest.mark.django_db
def test_offer_that_cannot_be_read_is_made_anew(mo: User, settings: Any) -> None:
    before = second_step.offered(mo)
    assert second_step.offered(mo).pk == before.pk
    settings.SECRET_KEY = NEW_KEY
    assert second_step.confirm(mo, "000000") is None
    anew = second_step.offered(mo)
    assert len(anew.key) == 20 and PhoneKey.objects.get().sealed_key == anew.sealed_key != before.sealed_key


@pytest.mark.django_db
def test_secrets_of_one_purpose_are_not_those_of_another(mo: User) -> None:
    for text in (second_step.offered(mo).sealed_key, sealed.SECOND_STEPS.close(b"x")):
        with pytest.raises(sealed.Unreadable, match="set them again"):
            sealed.DESTINATIONS.open(text)
    with pytest.raises(sealed.Unreadable, match="second_step reset"):
        sealed.SECOND_STEPS.open(sealed.seal(sealed.Secrets(token="x")))


@pytest.mark.django_db
def test_picture_is_what_apps_read(mo: User, settings: Any) -> None:
    settings.OTP_TOTP_ISSUER = "Evenkeel a:b"
    offer = second_step.offered(mo)
    secret = b32encode(offer.key).decode()
    assert offer.config_url == (
        f"otpauth://totp/Evenkeel%20ab%3Amo?secret={secret}&algorithm=SHA1&digits=6&period=30&issuer=Evenkeel%20ab"
    )


@pytest.mark.parametrize(
    ("code", "is_one"), [("012345", True), ("12345", False), ("1234567", False), ("\uff19" * 6, False)]
)
def test_only_six_digits_are_looked_for_on_the_phone(code: str, is_one: bool) -> None:
    assert is_digits(code) is is_one


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis")
@pytest.mark.parametrize("had_one", [False, True])
def test_two_pages_of_the_set_up_at_once_offer_the_same(
    transactional_db: None, harbor: Clinic, had_one: bool
) -> None:
    mo = make_user("mo", harbor, "manager")
    if had_one:
        second_step.offered(mo)
        PhoneKey.objects.update(created_at=timezone.now() - second_step.OFFERED_FOR)
    offers = at_once(*[lambda: second_step.offered(mo)] * 6)
    assert len({offer.pk for offer in offers}) == len({offer.sealed_key for offer in offers}) == 1  # type: ignore[union-attr]
    assert PhoneKey.objects.filter(user=mo).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_redis")
@pytest.mark.parametrize("by", ["phone", "paper"])
def test_one_code_used_twice_at_once_opens_once(transactional_db: None, harbor: Clinic, by: str) -> None:
    mo = make_user("mo", harbor, "manager")
    second_step.offered(mo)
    done = second_step.confirm(mo, code_of(mo))
    assert done
    code = done[1][0] if by == "paper" else code_of(mo, ahead=1)
    opened = at_once(*[lambda: second_step.verify(mo, code)] * 4)
    assert sorted(map(bool, opened)) == [False, False, False, True]
    assert len(PaperCodes.objects.get().digests) == (9 if by == "paper" else 10)
