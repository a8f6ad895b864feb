from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clinic.inbound import csv_bookings
from clinic.inbound.csv_bookings import HEADERS, MOST_ROWS, TEMPLATE, Row, UnusableList, decode, read
from clinic.models import Clinic
from clinic.services.bookings import Appointment
from tests.clinic.conftest import Clock
from tests.clinic.inbound.lists import HEADINGS, listed, row

AT = datetime(2026, 11, 26, 14, 30)


@pytest.fixture
def harbor(clock: Clock) -> Clinic:
    """A clinic that needs no database."""
    clock.at = datetime.fromisoformat("2026-11-26T07:00:00+00:00")
    return Clinic(name="Harbor", slug="harbor")


def only(rows: list[Row]) -> Appointment:
    (one,) = rows
    assert one.appointment, one.problems
    return one.appointment


def test_row_is_read_on_the_clinics_wall(harbor: Clinic) -> None:
    one = only(read(listed(row(AT, phone="202 555 0143")), harbor))
    assert one.booked_for == datetime.fromisoformat("2026-11-26T20:30:00+00:00")
    assert (one.given_name, one.family_name, one.birth_date) == ("Bob", "Miller", date(1985, 4, 17))
    assert (one.phone, one.booking_id) == ("+12025550143", "A1")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_as_they_come(harbor: Clinic, mark: str, ends: str) -> None:
    only(read(listed(row(AT)).replace(",", mark).replace("\r\n", ends), harbor))


@pytest.mark.parametrize(
    "headings",
    [
        "last name, BIRTH DATE ,date,time",
        "Surname,DOB,Appointment_Date,Start Time",
        "apellido,fecha de nacimiento,fecha,hora",
        '"Last-Name",birthdate,"day",TIME',
    ],
)
def test_headings_are_forgiving(harbor: Clinic, headings: str) -> None:
    assert only(read(f"{headings}\nMiller,1985-04-17,2026-11-26,14:30", harbor)).family_name == "Miller"


def test_order_is_free_and_other_columns_are_passed_over(harbor: Clinic) -> None:
    text = "Time,Provider,Date,Last Name,Birth Date\n14:30,Dr. Who,2026-11-26,Miller,1985-04-17\n"
    assert only(read(text, harbor)).given_name == ""


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_names_come_out_right_in_each_encoding(harbor: Clinic, codec: str) -> None:
    data = listed(row(AT, "Zoë", "Núñez")).encode(codec)
    assert only(read(decode(data), harbor)).family_name == "Núñez"


@pytest.mark.parametrize(
    ("written", "is_day_first"),
    [("2026-12-03", False), ("2026-12-3", True), ("12/3/2026", False), ("3/12/2026", True), ("03.12.2026", True),
     ("2026-12-03 00:00:00", False), ("2026-12-03T00:00", False)],
)  # fmt: skip
def test_dates_are_iso_or_in_the_clinics_order(harbor: Clinic, written: str, is_day_first: bool) -> None:
    one = only(read(listed(row(AT, day=written)), harbor, is_day_first=is_day_first))
    assert one.booked_for.date() == date(2026, 12, 3)


@pytest.mark.parametrize(
    ("written", "hour"),
    [("14:30", 14), ("2:30 PM", 14), ("2:30pm", 14), ("02:30 p.m.", 14), ("14:30:00", 14), ("9:30 am", 9),
     ("12:30 AM", 0), ("12:30 PM", 12), ("9.30", 9)],
)  # fmt: skip
def test_times_are_as_people_write_them(harbor: Clinic, written: str, hour: int) -> None:
    at = only(read(listed(row(AT, time=written)), harbor)).booked_for
    assert at.astimezone(harbor.zone).hour == hour


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"family": ""}, "Last name: Please write the last name."),
        ({"given": "007"}, "First name: Please write a name with at least one letter."),
        ({"born": ""}, "Date of birth: The date is missing."),
        ({"born": "17 April"}, "Date of birth: Write the date as 2026-11-26 or 11/26/2026."),
        ({"born": "2/30/1985"}, "Date of birth: Write the date as"),
        ({"born": "2085-01-01"}, "Date of birth: That date is still to come."),
        ({"day": "26/11/2026"}, "Appointment: Write the date as"),
        ({"day": "2026-11-24"}, "Appointment: That day is past."),
        ({"day": "2028-11-25"}, "Appointment: That day is more than a year ahead."),
        ({"day": "9999-12-31"}, "Appointment: That day is more than a year ahead."),
        ({"time": "25:00"}, "Appointment: Write the time as 14:30 or 2:30 PM."),
        ({"time": "13:00 PM"}, "Appointment: Write the time"),
        ({"time": ""}, "Appointment: Write the time"),
        ({"phone": "call"}, "Mobile phone: Please write all ten digits"),
        ({"phone": "5550143"}, "Mobile phone: Please write all ten digits"),
        ({"booking_id": "x" * 101}, "Booking id: at most 100"),
    ],
)
def test_bad_row_says_its_line_and_what_is_wrong(harbor: Clinic, said: dict[str, str], why: str) -> None:
    good, bad = read(listed(row(AT), row(AT, **{"booking_id": "A2", **said})), harbor)  # type: ignore[arg-type]
    assert good.appointment and bad.appointment is None
    assert bad.line == 3 and bad.problems[0].startswith(why) and len(bad.problems) == 1


def test_row_with_more_cells_than_headings_is_named(harbor: Clinic) -> None:
    eve = row(AT, "Eve", booking_id="A2") + ",Dr. Who"
    blank = row(AT, booking_id="A3") + ", ,"
    bad = [one for one in read(listed(row(AT), eve, blank), harbor) if one.problems]
    assert [(one.line, one.problems) for one in bad] == [(3, ["This row has more cells than there are headings."])]


def test_all_that_is_wrong_is_said_at_once(harbor: Clinic) -> None:
    (bad,) = read(listed(row(AT, "7", "", born="x", day="y", phone="z")), harbor)
    assert len(bad.problems) == 5


def test_lines_are_counted_as_an_editor_counts_them(harbor: Clinic) -> None:
    rows = read(listed("", row(AT, '"Bob\r\nRay"'), "", row(AT, "?", booking_id="A2")), harbor)
    assert [one.line for one in rows] == [3, 6]


def test_same_booking_twice_is_named(harbor: Clinic) -> None:
    rows = read(listed(row(AT), row(AT, "Eve"), row(AT, booking_id=""), row(AT, "BOB", booking_id="")), harbor)
    assert [one.problems for one in rows] == [
        [],
        ["The same booking is in line 2 already."],
        [],
        ["The same booking is in line 4 already."],
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("\n \n,,\n", "empty"),
        (HEADINGS, "no rows"),
        ("Bob,Miller\n", "Missing: last name, birth date"),
        ("last name,surname,dob,date,time\na,b,c,d,e", "same heading: last name"),
        (listed('"' + "x" * 200_000), "Please save it as CSV"),
    ],
)
def test_list_of_which_nothing_can_be_read_is_refused(harbor: Clinic, text: str, why: str) -> None:
    with pytest.raises(UnusableList, match=why):
        read(text, harbor)


def test_rows_are_bounded(harbor: Clinic) -> None:
    many = [row(AT, booking_id=f"A{n}") for n in range(MOST_ROWS + 1)]
    assert len(read(listed(*many[:-1]), harbor)) == MOST_ROWS
    with pytest.raises(UnusableList, match="more than 1,000 rows"):
        read(listed(*many), harbor)


def test_template_is_a_list_that_lacks_only_rows(harbor: Clinic) -> None:
    only(read(TEMPLATE + row(AT), harbor))


def test_every_heading_leads_to_one_column() -> None:
    assert len(csv_bookings.NAMES) == sum(len({csv_bookings.fold(n) for n in names}) for names in HEADERS.values())


CELLS = some.one_of(
    some.text(max_size=12),
    some.sampled_from(
        ["1985-04-17", "2026-11-26", "14:30", "Miller", '"', "0000-00-00", "99:99", "\x00", "\u202e"]
    ),
)


@settings(
    max_examples=60, deadline=timedelta(seconds=2), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cells=some.lists(some.lists(CELLS, max_size=8), max_size=6),
    mark=some.sampled_from(",;\t"),
    head=some.booleans(),
    is_day_first=some.booleans(),
)
def test_whatever_comes_is_read_or_refused(
    harbor: Clinic, cells: list[list[str]], mark: str, head: bool, is_day_first: bool
) -> None:
    lines = [HEADINGS.replace(",", mark)] * head + [mark.join(one) for one in cells]
    try:
        rows = read("\n".join(lines), harbor, is_day_first=is_day_first)
    except UnusableList:
        return
    assert all(bool(one.problems) is (one.appointment is None) for one in rows)


@settings(max_examples=60, deadline=timedelta(seconds=2))
@given(some.binary(max_size=300))
def test_any_bytes_are_some_text(data: bytes) -> None:
    assert isinstance(decode(data), str)
