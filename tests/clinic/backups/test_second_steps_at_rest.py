"""Whoever reads the database's files or a backup makes no second step, of those set up now or before."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from base64 import b32encode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.clinic.place import BINARIES, Place, new_database

pytestmark = pytest.mark.django_db

KEY = bytes(range(101, 121))
CODES = ["abcd2345", "wxyz6677"]
# As django-otp kept them: a phone that was used at step 7, one that was only offered, and a paper.
PLANT = f"""
from django.contrib.auth.models import User
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
mo, kim = (User.objects.create_user(name, password="pw") for name in ("mo", "kim"))
TOTPDevice.objects.create(user=mo, name="app", key="{KEY.hex()}", last_t=7, drift=1, throttling_failure_count=2)
TOTPDevice.objects.create(user=kim, name="app", key="{KEY[::-1].hex()}", confirmed=False)
paper = StaticDevice.objects.create(user=mo, name="paper")
for code in {CODES}:
    paper.token_set.create(token=code)
"""
LOOK = """
import json, time
from django.contrib.auth.models import User
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from clinic.models import PhoneKey
from clinic.services import second_step
mo, kim = (User.objects.get(username=name) for name in ("mo", "kim"))
now = PhoneKey.objects.get(user=mo)
said = {"kept": [now.key.hex(), now.last_t, now.drift, now.throttling_failure_count],
        "offered": second_step.offered(kim).key.hex()}
old = TOTPDevice.objects.get()
totp = TOTP(bytes.fromhex(old.key)); totp.time = time.time()
said["old build"] = [old.user.username, old.confirmed, old.verify_token(f"{totp.token():06d}")]
PhoneKey.objects.update(throttling_failure_count=0)
totp = TOTP(now.key); totp.time = time.time()
tries = [f"{totp.token():06d}", f"{totp.token():06d}", "ABCD-2345", "abcd2345"]
said["opens"] = []
for one in tries:
    said["opens"].append(bool(second_step.verify(mo, one)))
print(json.dumps(said))
"""
SET_UP = """
import json, time
from django.contrib.auth.models import User
from django_otp.oath import TOTP
from clinic.services import second_step
lea = User.objects.create_user("lea", password="pw")
offer = second_step.offered(lea)
totp = TOTP(offer.key); totp.time = time.time()
print(json.dumps([offer.key.hex(), second_step.confirm(lea, f"{totp.token():06d}")[1]]))
"""
AS_BEFORE = """
from django.contrib.auth.models import User
from django_otp.plugins.otp_totp.models import TOTPDevice
from clinic.models import PhoneKey
PhoneKey.objects.filter(user__username="mo").update(last_t=9, drift=1)
# What is left of somebody whose second step was reset since.
PhoneKey.objects.filter(user__username="lea").delete()
lea = User.objects.get(username="lea")
TOTPDevice.objects.create(user=lea, name="app", last_t=2**62)
"""
UNDONE = """
import json
from django_otp.plugins.otp_totp.models import TOTPDevice
print(json.dumps([list(row) for row in TOTPDevice.objects.order_by("user").values_list(
    "user__username", "key", "confirmed", "last_t", "drift")]))
"""
TABLES = ("otp_totp_totpdevice", "otp_static_statictoken", "clinic_phonekey", "clinic_papercodes")


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, bytes]]:
    """An installation of before, brought to today: one person had a second step, one began to. And its bytes."""
    server = os.environ.get("DATABASE_URL", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
        place = Place(tmp_path_factory.mktemp("home"), new_database(server) if server else "")
        place.manage("migrate", "-v0")
        place.manage("migrate", "clinic", "0016", "-v0")
        place.shell(PLANT)
        before = at_rest(place)
        place.manage("migrate", "-v0")
        yield place, before


@pytest.fixture
def place(homes: tuple[Place, bytes]) -> Place:
    return homes[0]


def at_rest(place: Place) -> bytes:
    """What lies on the disk, freed places of the files too."""
    if not place.database_url:
        return b"".join(
            path.read_bytes() for path in place.home.iterdir() if path.name.startswith("evenkeel.sqlite3")
        )
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        known = "SELECT to_regclass(name) AS found FROM unnest(%s::text[]) AS name"
        read = f"SELECT pg_read_binary_file(pg_relation_filepath(found)) FROM ({known}) WHERE found IS NOT NULL"
        files = [row[0] for row in connection.execute(read, [list(TABLES)]).fetchall()]
    dump = subprocess.run(["pg_dump", place.database_url], capture_output=True, check=True).stdout
    return dump + b"".join(files)


def forms(key: bytes) -> list[bytes]:
    return [key, key.hex().encode(), b32encode(key), b64encode(key)]


def planted(within: bytes) -> list[bytes]:
    marks = [*forms(KEY), *forms(KEY[::-1]), *[code.encode() for code in CODES]]
    return [mark for mark in marks if mark in within]


def test_what_was_kept_in_clear_is_gone_and_still_opens(homes: tuple[Place, bytes]) -> None:
    place, before = homes
    assert len(planted(before)) == 4, "two keys in hexadecimal and two codes can be found this way"
    assert planted(at_rest(place)) == []
    said: dict[str, Any] = json.loads(place.shell(LOOK))
    assert said["kept"] == [KEY.hex(), 7, 1, 2] and said["offered"] == KEY[::-1].hex()
    assert said["opens"] == [True, False, True, False], "each code counts once"
    assert said["old build"] == ["mo", True, False], "a process of the old build asks, and lets nobody in"


def test_neither_files_nor_backup_tell_a_key_or_a_code(place: Place, tmp_path: Path) -> None:
    key, codes = json.loads(place.shell(SET_UP))
    backup = tmp_path / "kept.backup"
    place.manage("backup", str(backup))
    with tarfile.open(backup) as archive:
        held = b"".join(archive.extractfile(one).read() for one in archive.getmembers())  # type: ignore[union-attr]
    assert len(codes) == 10
    for where in (at_rest(place), held):
        assert [mark for mark in forms(bytes.fromhex(key)) if mark in where] == []
        assert [code for code in codes if code.encode() in where or code.upper().encode() in where] == []


def test_undone_phones_work_again(place: Place) -> None:
    place.shell(AS_BEFORE)
    place.manage("migrate", "clinic", "0016", "-v0")
    mo, kim = json.loads(place.shell(UNDONE))
    assert mo == ["mo", KEY.hex(), True, 9, 1] and kim == ["kim", KEY[::-1].hex(), False, -1, 0]
    place.manage("migrate", "-v0")
    assert planted(at_rest(place)) == []
