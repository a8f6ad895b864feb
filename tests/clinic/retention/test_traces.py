"""After a purge nothing of a patient is left: not in the database or its files, not in Redis, not in the home."""

from __future__ import annotations

import os
import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests.clinic.place import BINARIES, Place, new_database
from tests.own_valkey import OwnValkey
from tests.stack import ROOT

pytestmark = pytest.mark.django_db
MARKERS = ("zyxmarker", "qwvmarker", "15550137731", "1907-03-09")

FILL = """
from datetime import date, timedelta
from unittest.mock import patch
from django.db import connection
from django.utils import timezone
from clinic.inbound import uploads
from clinic.models import BookingUpload, Clinic, Delivery, InboundMessage, Visit
from clinic.services import Actor, check_in, deliveries
from clinic.states import Verb
from tests.factories import answers, do, make_clinic, make_destination, make_user
then = timezone.now() - timedelta(days=100)
with patch("clinic.clock.now", lambda: then), patch("django.utils.timezone.now", lambda: then):
    clinic = make_clinic()
    ana = make_user("ana", clinic)
    make_destination(clinic)
    uploads.keep(clinic, ana, "qwvmarker,zyxmarker,1907-03-09", is_day_first=False)
    said = answers("Qwvmarker", "Zyxmarker", date(1907, 3, 9), phone="+15550137731", answered_by="Zyxmarker")
    for n in range(30):
        visit = check_in(clinic, said, by=Actor())
        do(visit, Verb.LEFT, reason="Qwvmarker went home")
    for row in Delivery.objects.filter(visit=visit):
        deliveries.skip(row, by=Actor(user=ana), reason="Zyxmarker called", seen=row.fence)
    Delivery.objects.update(state="delivered", delivered_at=then)
    InboundMessage.objects.create(clinic=clinic, text="PID|Zyxmarker", answer="", outcome="ignored", visit=visit)
    # What was changed or deleted before leaves traces of its own, where SQLite was not told to overwrite it.
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA secure_delete = OFF")
    Visit.objects.update(phone="", reason="other")
    for n in range(9):
        uploads.keep(clinic, make_user(f"clerk-{n}"), "qwvmarker,zyxmarker,1907-03-09;" * 300, is_day_first=False)
    BookingUpload.objects.all().delete()
"""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    server = OwnValkey(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def place(tmp_path: Path, valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
    home, server = tmp_path / "home", os.environ.get("DATABASE_URL", "")
    home.mkdir()
    place = Place(home, new_database(server) if server else "", {"REDIS_URL": valkey.url})
    place.manage("migrate", "-v0")
    place.shell(FILL)
    return place


def in_database(place: Place) -> set[str]:
    """Which markers a copy of the database in plain SQL holds; of SQLite, see `in_files`."""
    if not place.database_url:
        return set()
    done = subprocess.run(["pg_dump", place.database_url], capture_output=True, check=True)
    return marked(done.stdout)


def in_tables(url: str) -> set[str]:
    """Which markers stand in the bytes of PostgreSQL's files of this database: of rows that are gone too."""
    if not url:
        return set()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        file = "pg_read_binary_file(pg_relation_filepath(oid))"
        read = f"SELECT {file} FROM pg_class WHERE relkind IN ('r', 'i', 't')"
        return {one for (found,) in connection.execute(read.encode()) for one in marked(found)}


def in_files(home: Path) -> set[str]:
    """Which markers stand in the bytes of any file of the home: the database's, its log's, all others."""
    return {one for path in home.rglob("*") if path.is_file() for one in marked(path.read_bytes())}


def in_redis(url: str) -> set[str]:
    """Which markers stand in a key or value, jobs unpacked."""
    with redis.Redis.from_url(url) as client:  # type: ignore[no-untyped-call]
        return marked(b" ".join(text for key in client.scan_iter("*") for text in [key, *_values(client, key)]))


def _values(client: Any, key: bytes) -> list[bytes]:
    read = {
        b"string": lambda: [client.get(key)],
        b"hash": lambda: [part for pair in client.hgetall(key).items() for part in pair],
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: list(client.smembers(key)),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"stream": lambda: [repr(client.xrange(key)).encode()],
        b"none": list,
    }
    return [_unpacked(value) for value in read[client.type(key)]()]


def _unpacked(value: bytes) -> bytes:
    try:
        return value + zlib.decompress(value)
    except zlib.error:
        return value


def marked(found: bytes) -> set[str]:
    return {marker for marker in MARKERS if marker.encode() in found.lower()}


def on_postgresql(place: Place, statements: str) -> None:
    """One after another, each by itself."""
    if place.database_url:
        with psycopg.connect(place.database_url, autocommit=True) as connection:
            for statement in statements.splitlines():
                connection.execute(statement.encode())


def test_no_marker_is_left_anywhere(place: Place, valkey: OwnValkey) -> None:
    # As PostgreSQL does by itself: it learns the most common values of each column.
    on_postgresql(place, "ANALYZE")
    assert not place.database_url or in_tables(place.database_url) >= {"zyxmarker", "qwvmarker"}
    before = in_database(place) | in_files(place.home)
    assert before >= {"zyxmarker", "qwvmarker", "1907-03-09"}, "what is looked for was there"
    dry = place.manage("purge")
    assert "Nothing was deleted" in dry.stdout and in_database(place) | in_files(place.home) == before
    place.manage("purge", "--yes")
    assert in_database(place) == set()
    assert in_files(place.home) == set()
    assert in_redis(valkey.url) == set()
    assert "Whole" in place.manage("audit", "verify").stdout
    (documented,) = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "retention.md").read_text(), flags=re.S)
    on_postgresql(place, documented)
    assert in_tables(place.database_url) == set()
