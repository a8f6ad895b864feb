"""The text form of HL7 v2: segments, fields and their parts, with what may not stand in them escaped.

Positions count from 1 as the standard counts them, so MSH-1 is the field separator itself. What is read may be
anybody's: it is bounded, and whatever is wrong with it is NotHL7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinic.integrations import charsets

LARGEST = 256 * 1024
MOST_SEGMENTS, MOST_FIELDS = 1000, 1000
NULL = '""'

# Text; its components (a tuple in it: sub-components); or a list of repetitions of either.
Part = str | tuple[str, ...]
Field = str | tuple[Part, ...] | Sequence[str | tuple[Part, ...]]

_BREAKS = re.compile(r"\r\n|\r|\n")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LETTERS = "FSTRE"


class NotHL7(ValueError):
    """It is no HL7 message; the text says why, and repeats nothing of it that could be a patient's."""


@dataclass(frozen=True)
class Delimiters:
    """As MSH-1 and MSH-2 name them; "" for one that a sender left out."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def msh_2(self) -> str:
        return self.component + self.repetition + self.escape + self.subcomponent

    @property
    def _by_letter(self) -> dict[str, str]:
        order = (self.field, self.component, self.subcomponent, self.repetition, self.escape)
        return dict(zip(_LETTERS, order, strict=True))


OURS = Delimiters()


@dataclass(frozen=True)
class Segment:
    """One line. `fields[0]` is its name; texts are as they came, still escaped."""

    name: str
    fields: tuple[str, ...]
    delimiters: Delimiters
    charset: str

    def get(self, field: int, component: int = 1, subcomponent: int = 1, *, repetition: int = 1) -> str:
        """A part of a field as plain text; "" when it is not there. HL7's `""`, for "delete it", comes as NULL."""
        text, marks = self.raw(field), self.delimiters
        if self.name == "MSH" and field <= 2:
            return text
        for mark, place in (
            (marks.repetition, repetition),
            (marks.component, component),
            (marks.subcomponent, subcomponent),
        ):
            text = _nth(text.split(mark) if mark else [text], place - 1)
        return unescape(text, marks, self.charset)

    def raw(self, field: int) -> str:
        """A whole field as it came; "" when it is not there."""
        return _nth(self.fields, field)

    def repetitions(self, field: int) -> int:
        """How often a field is there; 0 when it is empty or missing."""
        text, mark = self.raw(field), self.delimiters.repetition
        return (text.count(mark) if mark else 0) + 1 if text else 0


@dataclass(frozen=True)
class Message:
    """At least an MSH, which is its first segment."""

    segments: tuple[Segment, ...]

    def all(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment.name == name]

    def get(self, name: str, field: int, component: int = 1, subcomponent: int = 1, *, repetition: int = 1) -> str:
        """A part of the first segment of that name, as Segment.get; "" when there is none."""
        first = next((segment for segment in self.segments if segment.name == name), None)
        return first.get(field, component, subcomponent, repetition=repetition) if first else ""


def parse(data: bytes | str, *, is_lenient: bool = False) -> Message:
    """The message in `data`. Bytes are read in the character set that MSH-18 names. Raises NotHL7.

    `is_lenient`: bytes that are not in that set, or a set that we do not know, become replacement marks.
    """
    if len(data) > LARGEST:
        raise NotHL7(f"it is longer than {LARGEST // 1024} kB")
    text = data if isinstance(data, str) else _decode(data, is_lenient)
    lines = [line for line in _BREAKS.split(text.lstrip("\ufeff")) if line.strip()]
    if not lines:
        raise NotHL7("it is empty")
    if len(lines) > MOST_SEGMENTS:
        raise NotHL7(f"it has more than {MOST_SEGMENTS} segments")
    header = _header(lines[0].lstrip())
    rest = (_segment(line, place, header) for place, line in enumerate(lines[1:], 2))
    return Message((header, *rest))


def encode(segments: Sequence[tuple[str, Mapping[int, Field]]], charset: str) -> str:
    """The text of a message: each segment's name with its fields by number, a CR after each.

    MSH-1 and MSH-2 are added. `charset`: as MSH-18 names it; what it lacks is written with what it has.
    """
    return "".join(f"{_line(name, fields, charset)}\r" for name, fields in segments)


def to_bytes(text: str) -> bytes:
    """The text of `encode` in the character set that its MSH-18 names. Raises NotHL7."""
    charset = parse(text).get("MSH", 18)
    return text.encode(charsets.codec(charset) or "utf-8", "replace")


def escape(text: str, charset: str = charsets.UTF_8, delimiters: Delimiters = OURS) -> str:
    r"""Text as it may stand in a field: delimiters as \F\ and so on, line ends as \.br\, controls as \X..\."""
    letters = {mark: letter for letter, mark in delimiters._by_letter.items() if mark}
    mark, codec = delimiters.escape, charsets.codec(charset) or "utf-8"

    def one(char: str) -> str:
        if char == "\n":
            return f"{mark}.br{mark}"
        if char in letters:
            return f"{mark}{letters[char]}{mark}"
        return f"{mark}X{char.encode(codec, 'replace').hex().upper()}{mark}" if _CONTROL.match(char) else char

    # Fitted first: what stands in for a letter may itself be a delimiter.
    return "".join(map(one, _BREAKS.sub("\n", charsets.fit(text, codec))))


def unescape(text: str, delimiters: Delimiters = OURS, charset: str = charsets.UTF_8) -> str:
    """The plain text of a part. What is no escape sequence stays; of formatting, only line ends do."""
    mark = re.escape(delimiters.escape)
    if not mark or delimiters.escape not in text:
        return text
    sequence = (
        rf"{mark}(?:([{_LETTERS}])|\.((?i:br|sp))\d*|X((?:[0-9A-Fa-f]{{2}})+)|[HNP]|\.[a-z]{{2}}[+-]?\d*){mark}"
    )
    letters, codec = delimiters._by_letter, charsets.codec(charset) or "utf-8"

    def one(found: re.Match[str]) -> str:
        letter, line_end, digits = found.groups()
        if letter:
            return letters[letter]
        return "\n" if line_end else bytes.fromhex(digits).decode(codec, "replace") if digits else ""

    return re.sub(sequence, one, text)


def _nth(parts: Sequence[str], place: int) -> str:
    return parts[place] if 0 <= place < len(parts) else ""


def _decode(data: bytes, is_lenient: bool) -> str:
    data = data.lstrip(b"\xef\xbb\xbf\r\n ")
    header = _header(_BREAKS.split(data.decode("latin-1"), maxsplit=1)[0])
    named = header.get(18)
    codec = charsets.codec(named)
    if codec is None and not is_lenient:
        raise NotHL7("MSH-18 names a character set that we do not read")
    try:
        return data.decode(codec or "utf-8", "replace" if is_lenient else "strict")
    except UnicodeDecodeError:
        raise NotHL7(f"its bytes are not in the character set of its MSH-18 ({named or 'none: UTF-8'})") from None


def _header(line: str) -> Segment:
    delimiters = _delimiters(line)
    fields = line.split(delimiters.field)
    _must_be_short(fields, 1)
    fields.insert(1, delimiters.field)
    header = Segment("MSH", tuple(fields), delimiters, "")
    return Segment("MSH", tuple(fields), delimiters, header.get(18))


def _delimiters(line: str) -> Delimiters:
    if not line.startswith("MSH"):
        raise NotHL7("it does not begin with MSH")
    field = line[3:4]
    encoding = line[4:].partition(field)[0] if field else ""
    marks = field + encoding
    if not 2 <= len(marks) <= 6 or len(set(marks)) < len(marks):
        raise NotHL7("MSH-1 and MSH-2 name no delimiters")
    if any(mark.isalnum() or mark.isspace() or mark == '"' or _CONTROL.match(mark) for mark in marks):
        raise NotHL7("MSH-1 and MSH-2 name delimiters that cannot be")
    return Delimiters(field, encoding[0:1], encoding[1:2], encoding[2:3], encoding[3:4])


def _segment(line: str, place: int, header: Segment) -> Segment:
    fields = line.split(header.delimiters.field)
    name = fields[0].strip()
    if not _SEGMENT.fullmatch(name) or name == "MSH":
        raise NotHL7(f"its line {place} is no segment")
    _must_be_short(fields, place)
    return Segment(name, tuple(fields), header.delimiters, header.charset)


def _must_be_short(fields: list[str], place: int) -> None:
    if len(fields) > MOST_FIELDS:
        raise NotHL7(f"its line {place} has more than {MOST_FIELDS} fields")


def _line(name: str, fields: Mapping[int, Field], charset: str) -> str:
    texts = [_field(fields.get(place, ""), charset) for place in range(1, max(fields, default=0) + 1)]
    if name == "MSH":
        texts[:2] = [OURS.msh_2]
    return OURS.field.join([name, *texts]).rstrip(OURS.field)


def _field(value: Field, charset: str) -> str:
    if isinstance(value, str | tuple):
        return _part(value, charset, OURS.component + OURS.subcomponent)
    return OURS.repetition.join(_field(one, charset) for one in value)


def _part(value: str | tuple[Part, ...], charset: str, marks: str) -> str:
    if isinstance(value, str):
        return escape(value, charset)
    return marks[0].join(_part(one, charset, marks[1:]) for one in value).rstrip(marks[0])
