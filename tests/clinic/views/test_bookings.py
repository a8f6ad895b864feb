"""The page of expected patients, as a clerk uses it, and the kiosk that finds them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clinic.inbound import uploads
from clinic.models import AuditEvent, BookingUpload, Clinic, Visit
from clinic.running.schedule import tasks
from clinic.services import bookings
from clinic.states import Verb
from tests.clinic.conftest import Clock
from tests.clinic.inbound.lists import HEADINGS, listed, row
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import answer, finish, paired_client, ticket_in
from tests.factories import do, make_clinic, make_user

pytestmark = pytest.mark.django_db

PAGE = "/desk/bookings/"


@pytest.fixture
def at(clinic: Clinic) -> datetime:
    """Tomorrow at 14:30, on the clinic's wall."""
    return (timezone.now() + timedelta(days=1)).astimezone(clinic.zone).replace(hour=14, minute=30, second=0)


def send(client: Client, text: str = "", **said: Any) -> Any:
    return client.post(PAGE, {"text": text, "order": "month", **said})


def shown(client: Client, text: str, **said: Any) -> tuple[str, str]:
    """The address of the preview, and the page."""
    sent = send(client, text, **said)
    assert sent.status_code == 302, sent.content.decode()
    return sent["location"], client.get(sent["location"]).content.decode()


def confirm(client: Client, address: str, page: str) -> Any:
    """What comes of the preview's button."""
    [good] = re.findall(r'name="good" value="(\d+)"', page)
    return client.post(address, {"good": good}, follow=True)


def added(client: Client, text: str) -> str:
    """What is said of a list that was looked at and confirmed."""
    return str(confirm(client, *shown(client, text)).content.decode())


def lines(page: str) -> list[int]:
    return [int(line) for line in re.findall(r'data-line="(\d+)"', page)]


def test_list_is_looked_at_and_then_booked(ana: Client, clinic: Clinic, at: datetime) -> None:
    address, page = shown(ana, listed(row(at), row(at, "Eve", booking_id="A2", born="1/2/1990")))
    assert "2 patients can be added" in page and "Add 2 patients" in page and "Jan. 2, 1990" in page
    assert "2:30 p.m." in page
    assert not Visit.objects.exists()
    done = confirm(ana, address, page).content.decode()
    assert "The list was added" in done and re.search(r"<td>2</td><th[^>]*>Added", done)
    visit = Visit.objects.get(booking_id="A1")
    assert (visit.state, visit.booked_for) == ("expected", at.replace(microsecond=0))
    assert visit.events.get().user.get_username() == "ana"  # type: ignore[union-attr]


def test_booked_patient_is_found_by_the_kiosk(ana: Client, clinic: Clinic, clock: Clock) -> None:
    added(ana, listed(row((clock.at + timedelta(minutes=5)).astimezone(clinic.zone))))
    kiosk = paired_client(clinic)
    answer(kiosk, arrival="booked")
    ticket = ticket_in(finish(kiosk))
    assert Visit.objects.get().ticket == ticket
    assert Visit.objects.get().booking_id == "A1"


def test_bad_rows_are_named_and_the_others_are_booked(ana: Client, at: datetime) -> None:
    rows = row(at), row(at, family="", booking_id="A2"), row(at, time="soon", booking_id="A3")
    address, page = shown(ana, listed(*rows))
    bad, good = page.split("<h2>")[1:]
    assert (lines(bad), lines(good)) == ([3, 4], [2])
    assert "2 rows cannot be read" in page and "Please write the last name." in bad and "14:30 or 2:30 PM" in bad
    confirm(ana, address, page)
    assert Visit.objects.get().booking_id == "A1"


def test_list_of_bad_rows_alone_offers_nothing_to_add(ana: Client, at: datetime) -> None:
    _address, page = shown(ana, listed(row(at, family="")))
    assert "data-confirm" not in page


def test_pressed_twice_or_added_again_books_nobody_twice(ana: Client, at: datetime) -> None:
    text = listed(row(at), row(at, "Eve", booking_id=""))
    address, page = shown(ana, text)
    said = {confirm(ana, address, page).content.partition(b"<main")[2] for _n in range(2)}
    assert len(said) == 1
    again = added(ana, text)
    assert re.search(r"<td>2</td><th[^>]*>Expected already", again)
    assert Visit.objects.count() == 2
    assert [visit.events.count() for visit in Visit.objects.all()] == [1, 1]


def test_what_became_of_each_is_counted(ana: Client, at: datetime) -> None:
    added(ana, listed(row(at), row(at, "Eve", booking_id="A2")))
    do(Visit.objects.get(booking_id="A1"), Verb.CANCEL)
    later = row(at + timedelta(hours=1), "Eve", booking_id="A2")
    page = added(ana, listed(row(at), later))
    assert re.search(r"<td>1</td><th[^>]*>Changed", page) and re.search(r"<td>1</td><th[^>]*>Called off", page)


def test_file_from_a_spreadsheet_is_read(ana: Client, at: datetime) -> None:
    data = listed(row(at, "Zoë", "Núñez")).replace(",", ";").encode("cp1252")
    _address, page = shown(ana, "", file=SimpleUploadedFile("l.csv", data, "text/csv"))
    assert "Núñez" in page


def test_order_of_dates_is_chosen(ana: Client, at: datetime) -> None:
    written = f"{at.day}/{at.month}/{at.year}"
    _address, page = shown(ana, listed(row(at, day=written, born="3/4/1990")), order="day")
    assert "April 3, 1990" in page


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Please choose a file, or paste the rows."),
        ("a,b\n1,2", "Missing: last name"),
        ("x" * 256 * 1024 + "x", "more than 256 kB"),
        (HEADINGS + "\n,,,,,,", "no rows"),
    ],
)
def test_list_that_cannot_be_read_is_refused_in_words(ana: Client, text: str, why: str) -> None:
    answer = send(ana, text)
    assert answer.status_code == 422 and why in answer.content.decode()
    assert not BookingUpload.objects.exists()


def test_file_that_is_too_large_is_refused_in_words(ana: Client) -> None:
    answer = send(ana, file=SimpleUploadedFile("l.csv", b"x" * (256 * 1024 + 1)))
    assert answer.status_code == 422 and "more than 256 kB" in answer.content.decode()


def test_list_is_its_clerks_and_its_clinics_own(ana: Client, ben: Client, at: datetime) -> None:
    address, _page = shown(ana, listed(row(at)))
    assert [ben.get(address).status_code, ben.post(address).status_code] == [404, 404]
    stranger = logged_in(make_user("zoe", make_clinic("hill")))
    assert stranger.post(address).status_code == 404
    assert not Visit.objects.exists()


def test_page_is_for_clerks_and_managers(clinic: Clinic) -> None:
    for role, status in (("clerk", 200), ("manager", 200), ("ops", 404)):
        browser = logged_in(make_user(f"of-{role}", clinic, role))
        seen = [browser.get(address).status_code for address in (PAGE, f"{PAGE}template.csv")]
        assert seen == [status, status]
        assert (PAGE in browser.get("/desk/").content.decode()) is (status == 200)


def test_list_is_kept_half_an_hour_at_most_and_not_once_it_was_added(
    ana: Client, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _page = shown(ana, listed(row(at)))
    shown(ana, listed(row(at, "Eve")))
    assert ana.get(address).status_code == 404, "a new list takes the place of the one before"
    assert "Eve" in BookingUpload.objects.get().text
    added(ana, listed(row(at)))
    assert BookingUpload.objects.get().text == ""
    assert uploads.clear_expired() == 0
    assert uploads.clear_expired in [task.do for task in tasks()]
    BookingUpload.objects.update(created_at=timezone.now() - timedelta(minutes=31))
    assert uploads.clear_expired() == 1


def test_template_is_a_file_that_can_be_sent_back(ana: Client, at: datetime) -> None:
    answer = ana.get(f"{PAGE}template.csv")
    assert "attachment" in answer["content-disposition"]
    shown(ana, "", file=SimpleUploadedFile("l.csv", answer.content + row(at).encode()))


def test_long_list_is_booked_in_short_turns(
    ana: Client, at: datetime, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(uploads, "BATCH", 2)
    added(ana, listed(*(row(at, booking_id=f"A{n}") for n in range(5))))
    assert Visit.objects.count() == 5


def test_page_speaks_spanish(ana: Client, at: datetime, spanish: Path) -> None:
    ana.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    assert "Pacientes esperados" in ana.get(PAGE).content.decode()
    _address, page = shown(ana, listed(row(at), row(at, family="", booking_id="A2")))
    assert "1 fila no se puede leer" in page and "Agregar 1 paciente" in page and "Falta" not in page


@pytest.fixture
def late(clock: Clock, clinic: Clinic) -> datetime:
    """Ten minutes before the clinic's day is over, on its wall: it is now."""
    tomorrow = clinic.day(clock.at) + timedelta(days=1)
    clock.at = (clinic.day_starts(tomorrow) - timedelta(minutes=10)).astimezone(clinic.zone)
    return clock.at


def test_list_that_reads_otherwise_by_now_is_shown_again(late: datetime, clock: Clock, ana: Client) -> None:
    rows = row(late), row(late + timedelta(days=1), "Eve", booking_id="A2")
    address, page = shown(ana, listed(*rows))
    clock.add(minutes=20)
    again = confirm(ana, address, page)
    assert again.status_code == 409 and "Nothing was added" in again.content.decode()
    assert not Visit.objects.exists()
    assert confirm(ana, address, again.content.decode()).status_code == 200
    assert Visit.objects.get().booking_id == "A2"


def test_list_without_a_good_row_by_now_cannot_be_added(late: datetime, clock: Clock, ana: Client) -> None:
    address, page = shown(ana, listed(row(late)))
    clock.add(minutes=20)
    again = confirm(ana, address, page)
    assert again.status_code == 409 and 'name="good"' not in again.content.decode()
    assert ana.post(address, {"good": "0"}).status_code == 409
    assert BookingUpload.objects.get().done is None


def before_it_is_booked(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> None:
    """Does this once, when the first patients of a list are about to be booked."""
    put_all, waiting = bookings.put_all, [do]

    def first(*args: Any, **kwargs: Any) -> Any:
        if waiting:
            waiting.pop()()
        return put_all(*args, **kwargs)

    monkeypatch.setattr(bookings, "put_all", first)


def test_list_that_another_replaced_meanwhile_is_told_of(
    ana: Client, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_it_is_booked(monkeypatch, lambda: shown(ana, listed(row(at, "Eve", booking_id="A2"))))
    assert re.search(r"<td>1</td><th[^>]*>Added", added(ana, listed(row(at))))
    assert Visit.objects.get().booking_id == "A1"


def test_double_tap_says_what_the_first_did(ana: Client, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    address, page = shown(ana, listed(row(at)))
    before_it_is_booked(monkeypatch, lambda: confirm(ana, address, page))
    assert re.search(r"<td>1</td><th[^>]*>Added", confirm(ana, address, page).content.decode())
    assert AuditEvent.objects.filter(action="booking.import").count() == 1
