"""Whoever reads the database's files or a backup makes no second step, of those set up now or before."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from base64 import b32encode, b64encode
from dataclasses import dataclass, field
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


@dataclass
class Told:
    """What one installation said and held, from one that kept all in clear to one that went there and back."""

    before: bytes = b""
    moved: bytes = b""
    opened: dict[str, Any] = field(default_factory=dict)
    new_key: bytes = b""
    new_codes: list[str] = field(default_factory=list)
    set_up: bytes = b""
    backup: bytes = b""
    undone: list[list[Any]] = field(default_factory=list)
    again: bytes = b""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One person had a second step before, one began to, a third sets it up today."""
    server = os.environ.get("DATABASE_URL", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
        place = Place(tmp_path_factory.mktemp("home"), new_database(server) if server else "")
        told = Told()
        _move(place, told)
        _set_up(place, told)
        _undo(place, told)
        return told


def _move(place: Place, told: Told) -> None:
    place.manage("migrate", "-v0")
    place.manage("migrate", "clinic", "0016", "-v0")
    place.shell(PLANT)
    told.before = at_rest(place)
    place.manage("migrate", "-v0")
    told.moved = at_rest(place)
    told.opened = json.loads(place.shell(LOOK))


def _set_up(place: Place, told: Told) -> None:
    key, told.new_codes = json.loads(place.shell(SET_UP))
    told.new_key, told.set_up = bytes.fromhex(key), at_rest(place)
    kept = place.home / "kept.backup"
    place.manage("backup", str(kept))
    with tarfile.open(kept) as archive:
        told.backup = b"".join(archive.extractfile(one).read() for one in archive.getmembers())  # type: ignore[union-attr]


def _undo(place: Place, told: Told) -> None:
    place.shell(AS_BEFORE)
    place.manage("migrate", "clinic", "0016", "-v0")
    told.undone = json.loads(place.shell(UNDONE))
    place.manage("migrate", "-v0")
    told.again = at_rest(place)


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


def test_what_was_kept_in_clear_is_gone_and_still_opens(told: Told) -> None:
    assert len(planted(told.before)) == 4, "two keys in hexadecimal and two codes can be found this way"
    assert planted(told.moved) == []
    said = told.opened
    assert said["kept"] == [KEY.hex(), 7, 1, 2] and said["offered"] == KEY[::-1].hex()
    assert said["opens"] == [True, False, True, False], "each code counts once"
    assert said["old build"] == ["mo", True, False], "a process of the old build asks, and lets nobody in"


def test_neither_files_nor_backup_tell_a_key_or_a_code(told: Told) -> None:
    assert len(told.new_codes) == 10 and len(told.backup) > 1000
    for where in (told.set_up, told.backup):
        assert [mark for mark in forms(told.new_key) if mark in where] == []
        assert [code for code in told.new_codes if code.encode() in where or code.upper().encode() in where] == []


def test_undone_phones_work_again(told: Told) -> None:
    mo, kim = told.undone
    assert mo == ["mo", KEY.hex(), True, 9, 1] and kim == ["kim", KEY[::-1].hex(), False, -1, 0]
    assert planted(told.again) == []
