from __future__ import annotations

import re
from typing import Any

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.integrations import charsets, er7
from clinic.integrations.er7 import Delimiters, NotHL7

HEADER = "MSH|^~\\&|LAB|Main|EK|Harbor|20260101||SIU^S12|42|P|2.5.1"
NAMES = [
    "Núñez",
    "Ng",
    "O’Brien",  # noqa: RUF001
    "王小明",
    "Ольга Иванова",
    "محمد بن سلمان",
    "नमस्ते",
    "ก้อง",
    "Ελένη",
    "שָׁלוֹם",
    "👩‍⚕️",
    "e\u0301",
    "|^~\\&",
    "\\F\\ \\.br\\ \\X0D\\",
    "a\nb",
    "\x0b\x1c\x00\x7f",
    "\x85\u2028",
    "",
]
# A lone surrogate is no text that a form or a database would take.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def with_unix_lines(text: str) -> str:
    return re.sub("\r\n|\r", "\n", text)


def read(text: str) -> er7.Message:
    return er7.parse(text)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_comes_out_as_it_went_in(name: str) -> None:
    escaped = er7.escape(name)
    assert er7.unescape(escaped) == name
    assert not set(escaped) & set("|^~&\r\n\x00\x0b\x1c\x7f\x85")


@given(TEXT)
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    assert er7.unescape(er7.escape(text)) == with_unix_lines(text)


@given(st.lists(TEXT, min_size=1, max_size=5), st.sampled_from(["UNICODE UTF-8", "8859/1", "ASCII"]))
def test_any_text_stays_in_its_field_and_its_character_set(texts: list[str], charset: str) -> None:
    fields: dict[int, er7.Field] = dict(enumerate(texts, 3))
    text = er7.encode([("MSH", {18: charset}), ("ZZZ", fields), ("PID", {5: (texts[0], texts[-1])})], charset)
    message = er7.parse(er7.to_bytes(text))
    codec = charsets.codec(charset) or ""
    fitted = [with_unix_lines(charsets.fit(one, codec)) for one in texts]
    assert [message.get("ZZZ", place) for place in fields] == fitted
    assert [message.get("PID", 5, part) for part in (1, 2)] == [fitted[0], fitted[-1]]
    assert [segment.name for segment in message.segments] == ["MSH", "ZZZ", "PID"]


@given(st.lists(TEXT, min_size=1, max_size=4))
def test_another_parser_finds_the_same_fields(texts: list[str]) -> None:
    # Of C1 controls it makes one letter a byte; and it takes a carriage return for the line end.
    texts = [re.sub("[\x80-\x9f]", "", text) for text in texts]
    text = er7.encode([("MSH", {9: "ACK"}), ("ZZZ", dict(enumerate([*texts, "."], 1)))], "UNICODE UTF-8")
    message = hl7.parse(text)
    found = [message.unescape(str(field)) for field in message[1][1:-1]]
    assert [with_unix_lines(one) for one in found] == [with_unix_lines(one) for one in texts]


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"one\.br\two\.BR\three\.sp2\four", "one\ntwo\nthree\nfour"),
        (r"\H\loud\N\ and \.in+4\quiet", "loud and quiet"),
        (r"\XC3A9\ \X41\ \XFF\ \X4\ \Xzz\ ", "é A \N{REPLACEMENT CHARACTER} \\X4\\ \\Xzz\\ "),
        (r"C:\temp\new and \ alone", r"C:\temp\new and \ alone"),
        (r"\E\F\E\ ", r"\F\ "),
        (r"\Zours\ \C2842\ ", r"\Zours\ \C2842\ "),
    ],
)
def test_escape_sequences_of_others(raw: str, plain: str) -> None:
    assert er7.unescape(raw) == plain


def test_hex_is_in_the_character_set_of_the_message() -> None:
    assert er7.unescape(r"\XE9\ ", charset="8859/1") == "é "
    assert er7.escape("\x85", "8859/1") == r"\X85" + "\\"


def test_senders_own_delimiters_are_used() -> None:
    message = read("MSH#*@!%#APP\rPID###1*2*a%b@3##x!F!y!S!z!T!!R!!E!|^~&\\")
    get = message.get
    assert (get("MSH", 1), get("MSH", 2), get("MSH", 3)) == ("#", "*@!%", "APP")
    assert [get("PID", 3), get("PID", 3, 2), get("PID", 3, 3, 2), get("PID", 3, repetition=2)] == list("12b3")
    assert get("PID", 5) == "x#y*z%@!|^~&\\"


def test_sender_may_leave_out_the_last_delimiters() -> None:
    message = read("MSH|^|a^b\rPID|1~2^3&4\\F\\")
    assert (message.get("PID", 1), message.get("PID", 1, 2)) == ("1~2", "3&4\\F\\")
    assert message.all("PID")[0].repetitions(1) == 1


def test_fields_are_counted_as_the_standard_does() -> None:
    message = read(HEADER + '\rPID|1||a~b~c||Miller^Bob\rPID|2\rNTE|1|""')
    assert (message.get("MSH", 9, 2), message.get("MSH", 10)) == ("S12", "42")
    assert (message.get("PID", 5), message.get("PID", 5, 2), message.get("PID", 5, 3)) == ("Miller", "Bob", "")
    assert (message.get("PID", 99), message.get("ZZZ", 1), message.get("PID", 3, repetition=9)) == ("", "", "")
    assert message.get("PID", 5, 0) == ""
    first, second = message.all("PID")
    assert (first.repetitions(3), first.repetitions(4), first.repetitions(99)) == (3, 0, 0)
    assert (second.get(1), second.raw(1), second.get(3)) == ("2", "2", "")
    assert message.get("NTE", 2) == er7.NULL


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n", "\r\r", "\r \r"])
def test_lines_end_as_senders_end_them(ends: str) -> None:
    message = read(ends.join(["", HEADER, "PID|1", ""]))
    assert [segment.name for segment in message.segments] == ["MSH", "PID"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "empty"),
        ("\r\n ", "empty"),
        ("hello", "does not begin with MSH"),
        ("FHS|^~\\&\rMSH|^~\\&", "does not begin with MSH"),
        ("MSH", "name no delimiters"),
        ("MSH|", "name no delimiters"),
        ("MSH||^~\\&", "name no delimiters"),
        ("MSH|^~\\^|", "name no delimiters"),
        ("MSH|^~\\&#!+|", "name no delimiters"),
        ("MSHA^~\\&A", "delimiters that cannot be"),
        ("MSH|^~1&|", "delimiters that cannot be"),
        ('MSH|^~"&|', "delimiters that cannot be"),
        (HEADER + "\rhello", "its line 2 is no segment"),
        (HEADER + "\rPID|1\rpid|2", "its line 3 is no segment"),
        (HEADER + "\r" + HEADER, "its line 2 is no segment"),
        (HEADER + "\rPID" * er7.MOST_SEGMENTS, "more than 1000 segments"),
        (HEADER + "\rPID" + "|" * er7.MOST_FIELDS, "its line 2 has more than 1000 fields"),
        (HEADER + "|" * er7.MOST_FIELDS, "its line 1 has more than 1000 fields"),
        ("MSH|^~\\&|" + "x" * er7.LARGEST, "longer than 256 kB"),
    ],
)
def test_what_is_no_message_says_why(data: str, why: str) -> None:
    with pytest.raises(NotHL7, match=why):
        er7.parse(data)
    with pytest.raises(NotHL7, match="does not begin with MSH" if why == "empty" else why):
        er7.parse(data.encode())


MAYBE = st.one_of(
    st.text(),
    st.text("MSHPID|^~\\&\r\n1X.br"),
    st.text("|^~\\&\r1A").map(lambda text: HEADER + text),
    st.text("|^~\\&\rX0.").map(lambda text: HEADER + "\rPID|" + text),
)


@given(MAYBE)
def test_any_text_is_a_message_or_is_not(text: str) -> None:
    _read_all(text)


BYTES = st.one_of(
    st.binary(),
    st.binary().map(lambda data: HEADER.encode() + data),
    MAYBE.map(lambda text: text.encode("utf-8", "replace")),
)


@given(BYTES)
def test_any_bytes_are_a_message_or_are_not(data: bytes) -> None:
    _read_all(data)
    _read_all(data, is_lenient=True)


def _read_all(data: Any, **how: bool) -> None:
    try:
        message = er7.parse(data, **how)
    except NotHL7:
        return
    assert message.segments[0].name == "MSH"
    for segment in message.segments:
        for place in range(len(segment.fields) + 1):
            assert isinstance(segment.get(place, 1), str)
            assert isinstance(segment.get(place, 2, 2, repetition=2), str)


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "latin-1"),
        ("8859/2", "iso8859-2"),
        ("", "utf-8"),
        ("utf-8", "utf-8"),
    ],
)
def test_bytes_are_read_as_msh_18_says(charset: str, codec: str) -> None:
    data = f"{HEADER}||||||{charset}\rPID|||||Néméth".encode(codec)
    assert er7.parse(data).get("PID", 5) == "Néméth"


def test_mark_of_utf_8_before_it_does_no_harm() -> None:
    assert er7.parse(b"\xef\xbb\xbf" + HEADER.encode()).get("MSH", 10) == "42"
    assert er7.parse("\ufeff" + HEADER).get("MSH", 10) == "42"


@pytest.mark.parametrize("charset", ["UNICODE UTF-8", "ASCII", "", "GB 18030-2000"])
def test_bytes_of_another_set_are_refused_unless_it_does_not_matter(charset: str) -> None:
    data = f"{HEADER}||||||{charset}\rPID|||||Néméth".encode("latin-1")
    with pytest.raises(NotHL7, match="character set"):
        er7.parse(data)
    assert er7.parse(data, is_lenient=True).get("PID", 5).startswith("N")


def test_message_is_built_of_numbered_fields() -> None:
    text = er7.encode(
        [
            ("MSH", {3: "EK", 9: ("ADT", "A04"), 18: "8859/1"}),
            ("PID", {1: "1", 3: [("7", "", "", ("ns", "id", "")), "8"], 5: ("", ""), 8: ""}),
            ("NTE", {}),
        ],
        "8859/1",
    )
    assert text == "MSH|^~\\&|EK||||||ADT^A04|||||||||8859/1\rPID|1||7^^^ns&id~8\rNTE\r"
    assert er7.to_bytes(er7.encode([("MSH", {3: "é", 18: "8859/1"})], "8859/1")).count(b"\xe9") == 1


def test_our_delimiters_are_the_recommended_ones() -> None:
    assert er7.OURS.msh_2 == "^~\\&"
    assert er7.escape("a|b#", delimiters=Delimiters(field="#")) == "a|b\\F\\"
