"""A second step that is set up within a log-in, which somebody may have left open at the desk."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic import limits
from clinic.models import AuditEvent, Clinic, PhoneKey, StaffSession
from clinic.services import second_step
from tests.clinic.conftest import Clock
from tests.clinic.sessions.log_ins import code_of, is_in, send_password, set_up
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/login/set-up/"


@pytest.fixture
def mo(harbor: Clinic) -> User:
    return make_user("mo", harbor, "manager")


@pytest.fixture
def paper(mo: User) -> list[str]:
    """Codes of the second step that Mo has."""
    return set_up(Client(), mo)


@pytest.fixture
def open_desk(mo: User, paper: list[str]) -> Client:
    """A log-in of Mo's, who is away from it."""
    client = Client()
    send_password(client, "mo")
    client.post("/login/code/", {"code": paper[0]})
    assert is_in(client)
    return client


def replace(client: Client, user: User, **said: str) -> str:
    client.get(PAGE)
    new = {"code": code_of(user), "password": f"pw-of-{user.username}"}
    return client.post(PAGE, new | said).content.decode()


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>([a-z2-7]{4}-[a-z2-7]{4})</code>", page)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"password": ""}, "password is not right"),
        ({"password": "wrong"}, "password is not right"),
        ({"old_code": ""}, "One of the two codes"),
        ({"old_code": "000000"}, "One of the two codes"),
        ({"code": "000000"}, "One of the two codes"),
    ],
)
def test_open_log_in_gives_no_new_key(
    open_desk: Client, mo: User, paper: list[str], said: dict[str, str], words: str
) -> None:
    before = PhoneKey.objects.get(confirmed=True).key
    page = replace(open_desk, mo, **{"old_code": paper[1], **said})
    assert words in page and codes_on(page) == [] and "<title>Error" in page
    assert PhoneKey.objects.get(confirmed=True).key == before and is_in(open_desk)


def test_new_key_takes_the_place_of_the_old_one(open_desk: Client, mo: User, paper: list[str]) -> None:
    old = PhoneKey.objects.get(confirmed=True).pk
    new_paper = codes_on(replace(open_desk, mo, old_code=paper[1]))
    assert len(new_paper) == 10 and PhoneKey.objects.get().pk != old
    for code, opens in [(new_paper[0], True), (paper[2], False)]:
        client = Client()
        send_password(client, "mo")
        client.post("/login/code/", {"code": code})
        assert is_in(client) == opens


def test_other_log_ins_end_and_this_one_gets_a_new_key(open_desk: Client, mo: User, paper: list[str]) -> None:
    other, key = Client(), open_desk.session.session_key
    send_password(other, "mo")
    other.post("/login/code/", {"code": paper[1]})
    assert is_in(other)
    replace(open_desk, mo, old_code=paper[2])
    assert is_in(open_desk) and not is_in(other) and open_desk.session.session_key != key
    assert StaffSession.objects.filter(user_id=mo.pk).count() == 1
    # That of the first log-in, in whose browser it was set up, is among them.
    assert AuditEvent.objects.get(action="login.end-all").detail == {"count": 2}


def test_log_in_lasts_no_longer_for_it(
    clock: Clock, settings: Any, open_desk: Client, mo: User, paper: list[str]
) -> None:
    settings.SESSION_IDLE, settings.SESSION_COOKIE_AGE = timedelta(days=1), 12 * 3600
    clock.add(hours=11)
    assert codes_on(replace(open_desk, mo, old_code=paper[1])) and is_in(open_desk)
    clock.add(hours=1)
    assert open_desk.get("/desk/").status_code == 302


def test_passwords_guessed_here_count_as_log_ins(open_desk: Client, mo: User, paper: list[str]) -> None:
    for _n in range(5):
        replace(open_desk, mo, password="wrong", old_code=paper[1])
    assert "Too many tries" in replace(open_desk, mo, old_code=paper[1]) and second_step.has(mo)
    why = AuditEvent.objects.filter(action="login.fail").order_by("pk").values_list("detail__why", flat=True)
    assert list(why)[:5] == ["password"] * 4 + ["locked"]


def test_nobody_is_asked_once_the_place_is_spent(
    open_desk: Client, mo: User, paper: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(limits, "LOG_IN", limits.Limit("log-in", 0, 60))
    assert "Too many tries" in replace(open_desk, mo, old_code=paper[1])


def key_on(page: str) -> tuple[str, str]:
    """The key as people read it, and the mark of this offer."""
    (key,), (mark,) = (
        re.findall(r'class="key"><code>(.+?)<', page),
        re.findall(r'name="offer" value="(.+?)"', page),
    )
    return key, mark


def test_key_that_somebody_saw_is_another_ten_minutes_later(clock: Clock, ana: User) -> None:
    """However often its page is loaded meanwhile, and in whichever log-in."""
    seen = []
    for minutes in (0, 6, 3.9, 0.2, 9.9):
        clock.add(minutes=minutes)
        client = Client()
        send_password(client, "ana")
        seen.append(key_on(client.get(PAGE).content.decode()))
    assert seen[0] == seen[1] == seen[2] != seen[3] == seen[4] and seen[0][0] != seen[3][0]
    assert PhoneKey.objects.count() == 1


def test_page_of_an_old_offer_says_that_a_new_picture_is_to_be_read(clock: Clock, ana: User) -> None:
    client = Client()
    send_password(client, "ana")
    key, mark = key_on(client.get(PAGE).content.decode())
    said = {"password": "pw-of-ana", "code": code_of(ana), "offer": mark}
    clock.add(minutes=10)
    page = client.post(PAGE, said).content.decode()
    assert "is no longer good" in page and "does not fit" not in page and "<title>Error" in page
    assert key_on(page)[0] != key and key not in page and not second_step.has(ana)
    said |= {"code": code_of(ana), "offer": key_on(page)[1]}
    assert len(codes_on(client.post(PAGE, said).content.decode())) == 10


def test_page_beside_a_newer_one_says_so_too(clock: Clock, ana: User) -> None:
    client = Client()
    send_password(client, "ana")
    _key, mark = key_on(client.get(PAGE).content.decode())
    said = {"password": "wrong", "code": code_of(ana), "offer": mark}
    clock.add(minutes=10)
    newer = client.get(PAGE).content.decode()
    page = client.post(PAGE, said).content.decode()
    assert key_on(page) == key_on(newer) and "is no longer good" in page and "password is not right" in page
    said |= {"password": "pw-of-ana", "offer": key_on(page)[1]}
    page = client.post(PAGE, said).content.decode()
    assert "does not fit" in page and "no longer good" not in page, "what it shows now was sent back"


def test_new_password_takes_back_what_was_offered(ana: User) -> None:
    before, code = second_step.offered(ana).key, code_of(ana)
    ana.set_password("another-of-ana")
    ana.save()
    assert second_step.confirm(ana, code) is None and second_step.offered(ana).key != before


def test_clerk_may_set_it_up_and_is_then_asked_for_it(ana: User) -> None:
    client = Client()
    send_password(client, "ana")
    page = client.get(PAGE).content.decode()
    assert "a password alone does not open" in page and 'href="/desk/"' in page and "id_old_code" not in page
    assert PAGE in client.get("/desk/").content.decode()
    assert "password is not right" in replace(client, ana, password="wrong") and not second_step.has(ana)
    PhoneKey.objects.update(throttling_failure_count=0, last_t=-1)
    assert len(codes_on(replace(client, ana))) == 10
    assert send_password(Client(), "ana")["Location"] == "/login/code/"
