"""Reads a list of bookings as a schedule or a spreadsheet writes it: each row, or what is wrong with it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import StringIO

from django.utils.translation import gettext as _

from clinic import calendar
from clinic.inbound import appointments
from clinic.models import Clinic
from clinic.names import fold
from clinic.services.bookings import Appointment

MOST_ROWS = 1000
LARGEST = 256 * 1024
DELIMITERS = ",;\t"
# Column -> what may stand above it, in any case, with or without spaces and marks.
HEADERS = {
    "booking_id": ("booking id", "appointment id", "booking", "id", "id de cita", "número de cita"),
    "given_name": ("first name", "given name", "first", "nombre", "nombres"),
    "family_name": ("last name", "family name", "surname", "last", "apellido", "apellidos"),
    "birth_date": ("birth date", "date of birth", "dob", "birthday", "born", "fecha de nacimiento"),
    "date": ("appointment date", "date", "day", "fecha", "fecha de la cita", "fecha de cita"),
    "time": ("appointment time", "time", "start time", "start", "hora", "hora de la cita", "hora de cita"),
    "phone": ("phone", "mobile phone", "mobile", "cell", "phone number", "teléfono", "móvil", "celular"),
}
NEEDED = ("family_name", "birth_date", "date", "time")
NAMES = {fold(name): column for column, names in HEADERS.items() for name in names}
TEMPLATE = "booking id,first name,last name,birth date,appointment date,appointment time,phone\r\n"
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
WRITTEN = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
TIME = re.compile(r"(\d{1,2})[:.h](\d{2})(?::\d{2})? ?(?:([ap])\.? ?m\.?)?", re.ASCII | re.IGNORECASE)


class UnusableList(Exception):
    """Nothing of it can be read. The text is for the person who sent it."""


@dataclass(frozen=True)
class Row:
    """One row: what it says, or what is wrong with it. `line`: where it begins, from 1. `written`: as it came."""

    line: int
    written: str
    problems: list[str] = field(default_factory=list)
    appointment: Appointment | None = None


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with a mark, or Windows-1252, as spreadsheets save it."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read(text: str, clinic: Clinic, *, is_day_first: bool = False) -> list[Row]:
    """All rows, in their order. `is_day_first`: 3/4/2026 is in April. Raises UnusableList."""
    lines = _lines(text)
    if not lines:
        raise UnusableList(_("The list is empty."))
    columns = _columns(lines[0][1])
    if len(lines) > MOST_ROWS + 1:
        raise UnusableList(
            _("The list has more than %(most)s rows. Please split it.") % {"most": f"{MOST_ROWS:,}"}
        )
    reader = _Reader(columns, clinic, is_day_first)
    rows = [reader.row(line, cells) for line, cells in lines[1:]]
    if not rows:
        raise UnusableList(_("The list has no rows below its headings."))
    return rows


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with the number of its first line; one more than allowed at most."""
    text = text.lstrip("\ufeff").replace("\x00", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    first = text.lstrip("\n").partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count))
    found: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
            if len(found) > MOST_ROWS + 1:
                break
    except csv.Error:
        raise UnusableList(_("This is no list that we can read. Please save it as CSV.")) from None
    return found


def _columns(headings: Sequence[str]) -> list[str]:
    """What each column is; "" for one that is of no use here."""
    columns = [NAMES.get(fold(heading), "") for heading in headings]
    missing = [HEADERS[name][0] for name in NEEDED if name not in columns]
    if missing:
        words = {"columns": ", ".join(missing)}
        raise UnusableList(_("The first line must name the columns. Missing: %(columns)s.") % words)
    twice = {HEADERS[name][0] for name in columns if name and columns.count(name) > 1}
    if twice:
        raise UnusableList(
            _("Two columns have the same heading: %(columns)s.") % {"columns": ", ".join(sorted(twice))}
        )
    return columns


class _Reader:
    """Reads row after row, and knows those before."""

    def __init__(self, columns: Sequence[str], clinic: Clinic, is_day_first: bool) -> None:
        self._columns, self._clinic, self._is_day_first = columns, clinic, is_day_first
        self._seen: dict[object, int] = {}

    def row(self, line: int, cells: Sequence[str]) -> Row:
        written = ", ".join(cell for cell in cells if cell)[:200]
        # A comma within a name moves all that follows: then no cell can be trusted.
        if any(cells[len(self._columns) :]):
            return Row(line, written, [_("This row has more cells than there are headings.")])
        said = dict(zip(self._columns, cells, strict=False))
        problems = list(self._problems(said))
        if problems:
            return Row(line, written, problems)
        appointment = self._appointment(said)
        before = self._seen.setdefault(_key(appointment), line)
        if before != line:
            return Row(line, written, [_("The same booking is in line %(line)s already.") % {"line": before}])
        return Row(line, written, appointment=appointment)

    def _problems(self, said: dict[str, str]) -> Iterator[str]:
        """In words, each with what stands above the column where that helps."""
        born = self._date(said.get("birth_date", ""))
        form = appointments.patient(
            said.get("given_name", ""),
            said.get("family_name", ""),
            born or date(2000, 1, 1),
            said.get("phone", ""),
        )
        form.is_valid()
        yield from _labelled(_("First name"), appointments.complaints(form, ["given_name"]))
        yield from _labelled(_("Last name"), appointments.complaints(form, ["family_name"]))
        yield from _labelled(_("Date of birth"), self._birth(said, born, form))
        yield from _labelled(_("Mobile phone"), appointments.complaints(form, ["phone"]))
        yield from _labelled(_("Appointment"), self._when(said))
        if not appointments.is_id(said.get("booking_id", "")):
            most = {"most": appointments.LONGEST_ID}
            yield _("Booking id: at most %(most)s letters, digits and marks.") % most

    def _birth(self, said: dict[str, str], born: date | None, form: appointments.PatientForm) -> list[str]:
        if born is None:
            return [self._not_a_date(said.get("birth_date", ""))]
        return appointments.complaints(form, ["birth_year", "birth_month", "birth_day"])

    def _when(self, said: dict[str, str]) -> list[str]:
        if self._date(said.get("date", "")) is None:
            return [self._not_a_date(said.get("date", ""))]
        if _time(said.get("time", "")) is None:
            return [_("Write the time as 14:30 or 2:30 PM.")]
        at = self._moment(said)
        if at is None or appointments.is_far_ahead(at):
            return [str(appointments.FAR_AHEAD)]
        return [str(appointments.PAST)] if appointments.is_past(self._clinic, at) else []

    def _not_a_date(self, written: str) -> str:
        if not written:
            return _("The date is missing.")
        if self._is_day_first:
            return _("Write the date as 2026-11-26 or 26/11/2026.")
        return _("Write the date as 2026-11-26 or 11/26/2026.")

    def _appointment(self, said: dict[str, str]) -> Appointment:
        """Of a row without problems."""
        born, when = self._date(said["birth_date"]), self._moment(said)
        if born is None or when is None:
            raise ValueError("a row with problems is no appointment")
        form = appointments.patient(said.get("given_name", ""), said["family_name"], born, said.get("phone", ""))
        form.is_valid()
        return appointments.appointment(form, when, said.get("booking_id", ""))

    def _moment(self, said: dict[str, str]) -> datetime | None:
        day, at = self._date(said["date"]), _time(said["time"])
        if day is None or at is None or not 1900 < day.year < 2200:
            return None
        return calendar.moment(day, at, self._clinic.zone)

    def _date(self, written: str) -> date | None:
        """A day as written; what follows it, as a spreadsheet's 00:00:00, is passed over."""
        first = written.split("T")[0].split(" ")[0]
        with suppress(ValueError):
            if found := ISO.fullmatch(first):
                return date(*map(int, found.groups()))
            if found := WRITTEN.fullmatch(first):
                one, two, year = map(int, found.groups())
                return date(year, two, one) if self._is_day_first else date(year, one, two)
        return None


def _time(written: str) -> time | None:
    found = TIME.fullmatch(written.split("T")[-1] if "T" in written else written)
    if not found:
        return None
    hour, half = int(found[1]), (found[3] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    with suppress(ValueError):
        return time(hour, int(found[2]))
    return None


def _key(appointment: Appointment) -> object:
    """What makes two rows the same booking."""
    if appointment.booking_id:
        return appointment.booking_id
    names = fold(appointment.given_name), fold(appointment.family_name)
    return (*names, appointment.birth_date, appointment.booked_for)


def _labelled(label: str, problems: Sequence[str]) -> Iterator[str]:
    yield from (f"{label}: {problem}" for problem in problems)
