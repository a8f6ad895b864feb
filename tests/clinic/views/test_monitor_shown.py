"""What one wait-room screen shows by its set-up, and the words with which it calls."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from clinic.access import cookie_name
from clinic.models import Clinic, Device, Room
from clinic.services import Actor, call_next
from tests.factories import make_clinic, make_device, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def device(clinic: Clinic) -> Device:
    return make_device(clinic, "monitor")[0]


@pytest.fixture
def screen(device: Device) -> Client:
    return client_of(device)


def client_of(device: Device) -> Client:
    client = Client()
    client.cookies[cookie_name("monitor")] = f"token-of-{device.clinic.slug}-monitor-{device.name}"
    return client


def call(clinic: Clinic, room: str, **more: Any) -> str:
    visit = make_visit(clinic)
    for name, value in more.items():
        setattr(visit, name, value)
    visit.save()
    called = call_next(clinic, by=Actor(), room=clinic.rooms.get(name=room)).visit
    assert called is not None
    return called.ticket


def board(screen: Client) -> str:
    return str(screen.get("/monitor/board/").content.decode())


def tickets(page: str, state: str = "called") -> list[str]:
    return re.findall(rf'data-ticket="(\w+)" data-state="{state}"', page)


def test_screen_shows_calls_to_its_own_rooms_and_all_who_wait(
    clinic: Clinic, device: Device, screen: Client
) -> None:
    first, second = call(clinic, "Room 1"), call(clinic, "Room 2")
    waits = make_visit(clinic).ticket
    assert tickets(board(screen)) == [second, first]
    device.rooms.set([Room.objects.get(clinic=clinic, name="Room 2")])
    assert tickets(board(screen)) == [second] and tickets(board(screen), "waiting") == [waits]


def test_screens_that_show_the_same_share_it_and_others_do_not(
    clinic: Clinic, device: Device, screen: Client
) -> None:
    call(clinic, "Room 1")
    other, _token = make_device(clinic, "monitor", "Corridor")
    etags = [client_of(one).get("/monitor/board/")["ETag"] for one in (device, other)]
    assert etags[0] == etags[1]
    for change in ({"volume": 0}, {"speaks": False}, {"screen_inches": 43, "seat_metres": 8}):
        Device.objects.filter(pk=other.pk).update(**change)
        changed = client_of(other).get("/monitor/board/", headers={"If-None-Match": etags[-1]})
        assert changed.status_code == 200, change
        etags.append(changed["ETag"])
    other.rooms.set(clinic.rooms.all()[:1])
    assert client_of(other).get("/monitor/board/", headers={"If-None-Match": etags[-1]}).status_code == 200
    assert screen.get("/monitor/board/", headers={"If-None-Match": etags[0]}).status_code == 304


def test_as_many_are_shown_as_the_farthest_seat_can_read(clinic: Clinic, device: Device, screen: Client) -> None:
    called = [call(clinic, "Room 1") for _n in range(6)]
    Device.objects.filter(pk=device.pk).update(screen_inches=55, seat_metres=6)
    page = board(screen)
    assert "+ 2 more: please ask at the front desk" in page
    rows = re.findall(r'<li data-ticket="(\w+)" data-state="called"[^>]*>', page)
    hidden = re.findall(r'<li data-ticket="(\w+)" data-state="called"[^>]* hidden>', page)
    assert rows == called[::-1] and hidden == rows[4:]
    assert 'data-row="15.' in page


def test_call_carries_its_time_and_its_words(clinic: Clinic, screen: Client) -> None:
    ticket = call(clinic, "Room 2", language="es")
    row = re.findall(r'<li data-ticket="\w+" data-state="called"[^>]*>', board(screen))[0]
    assert re.search(r'data-called="\d{13}"', row) and 'data-language="es"' in row
    assert 'data-own="Please go to Room 2"' in row
    assert re.search(rf'data-says="{", ".join(ticket)}, [^"]*Room 2"', row)


def test_set_up_of_sound_comes_with_every_board(device: Device, screen: Client) -> None:
    assert 'data-volume="60" data-speaks="yes"' in board(screen)
    Device.objects.filter(pk=device.pk).update(volume=0, speaks=False)
    assert 'data-volume="0" data-speaks="no"' in board(screen)
