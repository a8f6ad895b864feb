"""The message catalogs: which strings they must hold, and what is wrong with one.

A language is offered when its catalog holds every string that patients read. Spanish holds the staff's too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from django.conf import settings
from django.utils.translation import templatize

from clinic.whole_files import write_whole

Text = str | tuple[str, ...]

FOR_PATIENTS = (
    "templates/*.html",
    "templates/kiosk/*.html",
    "templates/monitor/*.html",
    "templates/phone/*.html",
    "clinic/forms.py",
    "clinic/models/visits.py",
    "clinic/services/actors.py",
    "clinic/services/check_in.py",
    "clinic/services/moves.py",
    "clinic/services/persons.py",
    "clinic/services/phones.py",
    "clinic/views/kiosk*.py",
    "clinic/views/phone.py",
)
FOR_STAFF = (
    "templates/audit/*.html",
    "templates/desk/*.html",
    "templates/devices/*.html",
    "templates/registration/*.html",
    "clinic/states.py",
    "clinic/device_forms.py",
    "clinic/inbound/*.py",
    "clinic/models/devices.py",
    "clinic/models/hours.py",
    "clinic/models/people.py",
    "clinic/models/places.py",
    "clinic/presenters/*.py",
    "clinic/services/*.py",
    "clinic/views/*.py",
)
ANYWHERE = ("templates/**/*.html", "clinic/**/*.py")
WHOLE = frozenset({"es"})
KEYWORDS = dict.fromkeys(("_", "gettext", "gettext_lazy")) | {"ngettext": (1, 2)}
HEADER = """{about}
msgid ""
msgstr ""
"Project-Id-Version: Evenkeel\\n"
"Language: {catalog.locale_identifier}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {catalog.plural_forms}\\n"

"""
MARKS = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]|</?\w+[^>]*>")


def sources() -> list[Path]:
    """Every catalog of ours, as text."""
    return sorted(path for folder in settings.LOCALE_PATHS for path in Path(folder).glob("*/LC_MESSAGES/*.po"))


def code_of(source: Path) -> str:
    return source.parent.parent.name


def read(source: Path) -> Catalog:
    with source.open("rb") as text:
        return pofile.read_po(text, locale=code_of(source))


def write(source: Path, catalog: Catalog) -> None:
    """As text, in the order and with the comments that it has; the header says only what a reader needs."""
    source.parent.mkdir(parents=True, exist_ok=True)
    with source.open("wb") as text:
        text.write(HEADER.format(about=catalog.header_comment, catalog=catalog).encode())
        pofile.write_po(text, catalog, width=0, no_location=True, omit_header=True, ignore_obsolete=True)


def make(source: Path) -> None:
    """Writes the .mo beside a .po, whole at once: another process may read or make it at the same time."""
    binary = BytesIO()
    mofile.write_mo(binary, read(source))
    write_whole(source.with_suffix(".mo"), binary.getvalue())


def wanted(code: str) -> dict[str, Text]:
    """What the catalog of a language must hold, by the English (singular)."""
    return strings(FOR_PATIENTS + (FOR_STAFF if code in WHOLE else ()))


@cache
def strings(patterns: tuple[str, ...]) -> dict[str, Text]:
    """The strings that are marked for translation in these files of the project."""
    paths = {path for pattern in patterns for path in settings.BASE.glob(pattern)}
    found = (text for path in sorted(paths) for text in strings_of(path))
    return {text if isinstance(text, str) else text[0]: text for text in found}


def strings_of(path: Path) -> list[Text]:
    """Those of one template or module; a pair where there is a plural."""
    text = path.read_text()
    if path.suffix == ".html":
        text = " ".join(templatize(text).split("\n"))
    found = extract("python", BytesIO(text.encode()), keywords=KEYWORDS)
    return [message for _line, message, *_rest in found if message]


def lacking(source: Path) -> list[str]:
    """What patients would read in English although their language is offered, a line each."""
    done = {_english(entry) for entry in read(source) if entry.id and all(_forms(entry)) and not entry.fuzzy}
    return [f"{code_of(source)}: {text}" for text in strings(FOR_PATIENTS) if text not in done]


def problems(source: Path) -> list[str]:
    """What is wrong with a catalog, a line each; none where it may be offered."""
    code, catalog = code_of(source), read(source)
    entries = {_english(entry): entry for entry in catalog if entry.id}
    missing = [f"missing: {text}" for text in wanted(code) if text not in entries]
    stale = [f"no longer in use: {text}" for text in entries if text not in strings(ANYWHERE)]
    wrong = [f"{what}: {text}" for text, entry in entries.items() for what in _faults(entry)]
    return [f"{code}: {line}" for line in [*missing, *stale, *wrong]]


def _faults(entry: Message) -> Iterator[str]:
    """What is wrong with one entry."""
    forms = _forms(entry)
    if entry.fuzzy:
        yield "a guess that nobody checked"
    if not all(forms):
        yield "not translated"
    elif not _keeps_marks(entry.id, forms):
        yield "a placeholder or tag differs"


def _keeps_marks(english: Any, forms: Iterable[str]) -> bool:
    """Whether a translation has the placeholders and tags of the English. "One" may do without the number."""
    if isinstance(english, str):
        return all(_marks(form) == _marks(english) for form in forms)
    most = _marks(english[-1])
    *others, last = forms
    return _marks(last) == most and all(_marks(form) <= most for form in others)


def _marks(text: str) -> Counter[str]:
    return Counter(MARKS.findall(text))


def _forms(entry: Message) -> tuple[str, ...]:
    found: Any = entry.string
    return tuple(found) if isinstance(found, tuple | list) else (found,)


def _english(entry: Message) -> str:
    return str(entry.id[0]) if isinstance(entry.id, tuple | list) else str(entry.id)


def brought_up_to_date(code: str, catalog: Catalog) -> int:
    """Adds what a catalog lacks, to be translated, and takes out what is not in use. How many it still lacks."""
    for entry in list(catalog):
        if entry.id and _english(entry) not in strings(ANYWHERE):
            del catalog[entry.id]
    for text, whole in wanted(code).items():
        if catalog.get(text) is None:
            catalog.add(whole)
    return sum(not all(_forms(entry)) for entry in catalog if entry.id)
