"""Values that nobody should send, as bytes before any encoding of the form."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from random import Random

from tests.input.world import World

UNREADABLE = [
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xed\xb0\x80",
    b"caf\xe9",
    b"\xf4\x90\x80\x80",
    b"a\x80b",
]
CONTROL = [
    b"\x00",
    b"Bob\x00",
    b"\x00Moller",
    b"Bo\x07b",
    b"Bob\r\nSet-Cookie: a=b",
    b"\x1b[31m",
    b"\x7f",
    b"\t",
    b"\n",
]
INVISIBLE = [
    text.encode()
    for text in (
        "\u202eboB", "Bob\u2066", "\u200b", "B\u200do\u200cb", "\ufeffBob", "\u00ad", "\u2028", "\u3164",
        "\ue000Bob",
        "\U000e0041", "\ufffe", "\U0010ffff", "\u0345" * 60, "Z\u0334\u0300\u0301" * 40, "\u00a0", "\u3000",
    )
]  # fmt: skip
NUMBERS = [
    text.encode()
    for text in (
        "0", "-1", "-0", "1.5", "1e3", "1e309", "NaN", "inf", "-inf", "0x10", "0b1", "1_000", "+5", " 7 ",
        "007", "\u0663",
        "\uff11\uff17", "\u00b2", "\u2167", "2147483648", "-2147483649", "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616", "9" * 40, "9" * 400, "9" * 5000, "1,5", "1 000", "--1", "1" + "0" * 9, "\u0966",
    )
]  # fmt: skip
TEXTS = [
    text.encode()
    for text in (
        "", " ", "None", "null", "undefined", "true", "[]", "{}", '{"a": 1}', "<script>alert(1)</script>",
        "<b>Bob",
        '"><img src=x>', "{{ 7*7 }}", "{% debug %}", "%s%s%n", "%(name)s", "' OR 1=1 --", "\\", "\\u0000",
        "../../etc/passwd",
        "javascript:alert(1)", "//evil.example/", "https://evil.example/", "data:text/html,x", "'",
        '"', "`id`", "$(id)", "a=b&c=d",
        "\u00e9", "e\u0301", "\u00df", "\u0130", "\ufb03", "\u5c71\u7530", "\u0645\u062d\u0645\u062f",
        "\u05d3\u05d5\u05d3",
        "\U0001f9d1\u200d\u2695\ufe0f", "????", "-", "...", "walk_in", "booked", "undo", "enter-in-error",
        "superuser", "%00", "%ff", "%",
    )
]  # fmt: skip
DATES = [
    text.encode()
    for text in (
        "2026-02-31", "0000-00-00", "0000-01-01", "9999-12-31", "10000-01-01", "1000000000-01-01",
        "31/02/1990", "-1-01-01",
        "2026-13-01", "25:61", "24:00", "12:00:60", "2026-01-01T99:99", "now", "1984-05-16",
        "99999999999999999999-01-01",
    )
]  # fmt: skip
ALL = [UNREADABLE, CONTROL, INVISIBLE, NUMBERS, TEXTS, DATES]
LETTERS = ["a", "\u00e9", "\U0001d4b3", "\u202e", " ", "1", "a ", "\u0301", "<", "\x00", "'", "("]
MOST_LETTERS = 5
# Month, day and year of births that never were.
BIRTHS = [
    ("2", "31", "1990"), ("2", "29", "1900"), ("4", "31", "2000"), ("13", "1", "1990"), ("0", "0", "0"),
    ("1", "1", "0"), ("1", "1", "9999"), ("1", "1", "10000"), ("1", "1", "1000000000"), ("12", "31", "-1"),
    ("1", "1", "1"), ("1", "1", "1600"), ("1", "1", "99"), ("2", "29", "2023"), ("1", "32", "1990"),
]  # fmt: skip
HEADERS: dict[bytes, list[bytes]] = {
    b"origin": [b"https://evil.example", b"null", b"", b"http://[", b"\xff", b"http://127.0.0.1:9999",
    b"http://127.0.0.1:8000.evil"],
    b"referer": [b"https://evil.example/", b"http://[", b"\xff\xfe",
    b"http://127.0.0.1:8000/kiosk/" + b"a" * 3000],
    b"accept-language": [b"es", b"xx", b"*", b"\xff", b"en;q=" + b"9" * 500, b"en-" * 200, b"es;q=x",
    b"../../es", b"zh-Hant-" + b"x" * 90],
    b"if-none-match": [b"*", b'"', b"W/", b'"1-' + b"x" * 5000, b"\xff", b",,,,", b'W/"a", "b'],
    b"if-modified-since": [b"yesterday", b"Thu, 01 Jan 0000 00:00:00 GMT", b"Thu, 01 Jan 99999 00:00:00 GMT",
    b"\xff"],
    b"range": [b"bytes=0-0", b"bytes=9-1", b"bytes=-" + b"9" * 40, b"lines=1", b"bytes=" + b"0-1," * 500],
    b"accept": [b"application/json", b"\xff", b"text/html;level=", b"*/*;q=" + b"1" * 200],
    b"accept-encoding": [b"br;q=x", b"\xff", b"gzip, gzip, gzip", b"identity;q=0, *;q=0"],
    b"x-forwarded-host": [b"evil.example", b"\xff", b"a" * 3000],
    b"x-forwarded-proto": [b"https", b"gopher", b"https,http", b"\xff"],
    b"x-forwarded-for": [b"127.0.0.1", b"::1, " * 200, b"\xff"],
    b"x-http-method-override": [b"DELETE", b"PUT"],
    b"x-csrftoken": [b"guessed", b"\xff", b"a" * 64, b"a" * 5000],
    b"x-requested-with": [b"XMLHttpRequest", b"\xff"],
    b"content-encoding": [b"gzip", b"br", b"\xff"],
    b"expect": [b"100-continue", b"nothing"],
    b"authorization": [b"Basic !!!", b"Bearer guessed", b"Bearer " + b"a" * 4000, b"\xff", b"Token x"],
    b"upgrade": [b"websocket", b"h2c"],
    b"user-agent": [b"", b"\xff", b"a" * 5000],
    b"cookie": [b"=", b";;;;", b"\xff=\xff", b"a" * 5000, b"$Version=1; a=b", b'a="b; c=d', b"a=b; " * 300],
}  # fmt: skip
HOSTS = [b"evil.example", b"", b"127.0.0.1:99999", b"127.0.0.1:abc", b"[::1", b"\xff",
    b"127.0.0.1:8000@evil.example", b"localhost",
         b"a" * 3000, b"127.0.0.1:8000,evil.example", b"[::1]:8000", b"127.0.0.1", b"../127.0.0.1"]  # fmt: skip
CONTENT_TYPES = [b"application/json", b"text/plain", b"", b"multipart/form-data",
    b"multipart/form-data; boundary=", b"application/xml",
                 b"multipart/form-data; boundary=" + b"x" * 300, b"multipart/form-data; boundary=\xff",
                 b"application/octet-stream",
                 b"application/x-www-form-urlencoded; charset=utf-16",
                 b"application/x-www-form-urlencoded; charset=nonsense",
                 b"application/x-www-form-urlencoded; charset*=utf-8''%00",
                 b"application/x-www-form-urlencoded; charset=latin-1",
                 b"application/x-www-form-urlencoded; charset=idna",
                 b"application/x-www-form-urlencoded; charset=zlib",
                 b"multipart/mixed; boundary=x", b"\xff",
                 b"application/json; charset=" + b"u" * 2000]  # fmt: skip
BODIES = [b"", b"\x00", b"\xff" * 50, b"{", b"[" * 5000, b'{"verb": "call", "room": {"a": []}}', b"=&=&=",
    b"&" * 300, b"a" * 3000,
          b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"%", b"a=%zz", b"%00=%00",
          b"a;b;c"]  # fmt: skip


def value(rng: Random, name: str, world: World) -> bytes:
    """A bad value for a field or parameter of this name."""
    kind = rng.random()
    if kind < 0.12:
        return rng.choice(LETTERS).encode() * (10 ** rng.randint(2, MOST_LETTERS) // rng.choice([1, 1, 2, 3]))
    if kind < 0.30:
        return identity(rng, world)
    if kind < 0.36 and ("year" in name or "date" in name or "day" in name):
        return str(date.today().year + rng.choice([0, 1, 2, 100, 7000])).encode()
    return rng.choice(rng.choice(ALL))


def identity(rng: Random, world: World) -> bytes:
    """A forged id: of another clinic, of another kind, of nobody."""
    known = world.values[rng.choice(sorted(world.values))]
    return rng.choice(
        [rng.choice(known).encode(), str(uuid.UUID(int=rng.getrandbits(128))).encode(), b"\x00" * 16]
    )


def birth(rng: Random) -> dict[str, bytes]:
    """A date of birth that cannot be."""
    ahead = date.today() + timedelta(days=rng.choice([2, 40, 400]))
    month, day, year = rng.choice([*BIRTHS, (str(ahead.month), str(ahead.day), str(ahead.year))])
    return {"birth_month": month.encode(), "birth_day": day.encode(), "birth_year": year.encode()}
