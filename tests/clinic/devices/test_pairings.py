"""A code is good once, for ten minutes, for who sees it; who guesses is stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from clinic import access
from clinic.digests import digest
from clinic.models import Clinic, Device, DeviceReport, Pairing, WrongCode
from clinic.services import Refused, devices, pairings
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.factories import make_clinic, make_device, make_user

pytestmark = pytest.mark.django_db
WRONG = "No screen shows this code now"


def refusal(clinic: Clinic, code: str, by: User) -> str:
    with pytest.raises(Refused) as no:
        pairings.enter(clinic, code, by, name="Hall")
    return str(no.value)


def wrong_half(code: str) -> str:
    """Finds the pairing, and does not prove it."""
    return code[:4] + ("XXXX" if code[4:] != "XXXX" else "BBBB")


def test_code_is_eight_letters_that_nobody_takes_for_others(db: None) -> None:
    codes = [pairings.offer("kiosk", str(n))[0].code for n in range(60)]
    assert all(len(code) == 8 and set(code) <= set(pairings.LETTERS) for code in codes)
    assert not set(pairings.LETTERS) & set("AEIOUYQV01") and len(set(pairings.LETTERS)) == 18
    assert len({code[:4] for code in codes}) == len(codes)


@pytest.mark.parametrize("written", ["{}", "{:.4}-{}", " {:.4} {} "])
def test_browser_whose_code_is_entered_becomes_the_device(harbor: Clinic, ana: User, written: str) -> None:
    before = Topic.objects.get().version
    asks, secret = pairings.offer("monitor", "")
    text = written.format(asks.code, asks.code[4:]).lower() if "-" in written or " " in written else asks.code
    device = pairings.enter(harbor, text, ana, name="Hall")
    assert (device.clinic, device.kind, device.name) == (harbor, "monitor", "Hall")
    assert devices.taken("monitor", secret) == device and devices.taken("kiosk", secret) is None
    assert access.device_of("monitor", {access.cookie_name("monitor"): secret}) == device
    assert not Pairing.objects.exists() and Topic.objects.get().version == before + 1


def test_secret_is_kept_as_a_digest_alone(harbor: Clinic, ana: User) -> None:
    asks, secret = pairings.offer("kiosk", "")
    assert asks.secret_hash == digest(secret) and len(secret) >= 43
    assert secret not in repr(Pairing.objects.values())
    pairings.enter(harbor, asks.code, ana, name="Hall")
    assert secret not in repr(Device.objects.values()) and Device.objects.get().token_hash == digest(secret)


def test_wrong_used_and_lapsed_codes_are_refused_alike(harbor: Clinic, ana: User, clock: Clock) -> None:
    used, lapsed = pairings.offer("kiosk", "")[0], pairings.offer("kiosk", "")[0]
    pairings.enter(harbor, used.code, ana, name="Door")
    clock.add(minutes=10)
    said = {refusal(harbor, code, ana) for code in (used.code, lapsed.code, "BCDFGHJK", "", "x" * 30)}
    assert len(said) == 1 and said.pop().startswith(WRONG)
    assert Device.objects.count() == 1


def test_code_that_is_sent_twice_pairs_once_and_is_no_guess(
    harbor: Clinic, ana: User, ben: User, clock: Clock
) -> None:
    asks, _secret = pairings.offer("kiosk", "")
    device = pairings.enter(harbor, asks.code, ana, name="Door")
    clock.add(seconds=59)
    assert pairings.enter(harbor, asks.code.lower(), ana, name="Door") == device
    assert Device.objects.count() == 1 and not WrongCode.objects.exists()
    assert refusal(harbor, asks.code, ben).startswith(WRONG)
    assert refusal(make_clinic("inland"), asks.code, ana).startswith(WRONG)
    clock.add(seconds=1)
    assert refusal(harbor, asks.code, ana).startswith(WRONG) and WrongCode.objects.count() == 3


def test_repeat_says_nothing_of_a_device_that_was_locked_out_since(harbor: Clinic, ana: User) -> None:
    asks, _secret = pairings.offer("kiosk", "")
    devices.revoke(pairings.enter(harbor, asks.code, ana, name="Door"))
    assert refusal(harbor, asks.code, ana).startswith(WRONG)


def test_code_is_good_for_ten_minutes(harbor: Clinic, ana: User, clock: Clock) -> None:
    asks, secret = pairings.offer("kiosk", "")
    clock.add(minutes=9, seconds=59)
    assert pairings.standing("kiosk", secret) == asks
    assert pairings.enter(harbor, asks.code, ana, name="Hall")
    _asks, secret = pairings.offer("kiosk", "")
    clock.add(minutes=10)
    assert pairings.standing("kiosk", secret) is None


def test_five_wrong_halves_kill_a_code(harbor: Clinic, ana: User, ben: User) -> None:
    asks, secret = pairings.offer("kiosk", "")
    for by in (ana, ana, ben, ben):
        assert refusal(harbor, wrong_half(asks.code), by).startswith(WRONG)
    assert pairings.standing("kiosk", secret)
    refusal(harbor, wrong_half(asks.code), ana)
    assert pairings.standing("kiosk", secret) is None
    assert refusal(harbor, asks.code, ana).startswith(WRONG)


def test_four_wrong_halves_leave_it_good(harbor: Clinic, ana: User) -> None:
    asks, _secret = pairings.offer("kiosk", "")
    other, _ = pairings.offer("kiosk", "")
    for _n in range(4):
        refusal(harbor, wrong_half(asks.code), ana)
    assert Pairing.objects.get(pk=other.pk).wrong_guesses == 0
    assert pairings.enter(harbor, asks.code, ana, name="Hall")


def test_who_guesses_five_times_has_to_wait_wherever_they_guess(harbor: Clinic, ana: User, clock: Clock) -> None:
    inland = make_clinic("inland")
    asks, _secret = pairings.offer("kiosk", "")
    for n in range(5):
        refusal((harbor, inland)[n % 2], "BCDFGHJ" + pairings.LETTERS[n], ana)
        clock.add(minutes=1)
    assert refusal(harbor, asks.code, ana) == "Too many wrong codes. Please try again in 5 min."
    assert WrongCode.objects.count() == 5
    assert pairings.enter(harbor, pairings.offer("kiosk", "")[0].code, make_user("zoe", harbor), name="Door")
    clock.add(minutes=5, seconds=1)
    asks, _secret = pairings.offer("kiosk", "")
    assert pairings.enter(harbor, asks.code, ana, name="Hall")


def test_old_guesses_are_forgotten(harbor: Clinic, ana: User, clock: Clock) -> None:
    refusal(harbor, "BCDFGHJK", ana)
    clock.add(minutes=11)
    refusal(harbor, "BCDFGHJK", ana)
    assert WrongCode.objects.count() == 1


def test_device_that_is_replaced_keeps_its_set_up_and_locks_the_old_browser_out(harbor: Clinic, ana: User) -> None:
    device, token = make_device(harbor)
    Device.objects.update(volume=20)
    devices.seen(device)
    asks, secret = pairings.offer("kiosk", "")
    assert pairings.enter(harbor, asks.code, ana, replaces=device) == device
    device.refresh_from_db()
    assert device.volume == 20 and devices.taken("kiosk", token) is None and devices.taken("kiosk", secret)
    assert not DeviceReport.objects.exists()


def test_revoked_device_can_be_paired_again(harbor: Clinic, ana: User) -> None:
    device, token = make_device(harbor)
    devices.revoke(device)
    asks, _secret = pairings.offer("kiosk", "")
    assert pairings.enter(harbor, asks.code, ana, replaces=device).revoked_at is None
    assert devices.taken("kiosk", token) is None


def test_code_of_another_kind_is_refused_and_stays_good(harbor: Clinic, ana: User) -> None:
    device, _token = make_device(harbor, "kiosk")
    asks, secret = pairings.offer("monitor", "")
    with pytest.raises(Refused, match="another kind of screen"):
        pairings.enter(harbor, asks.code, ana, replaces=device)
    assert pairings.standing("monitor", secret) and not WrongCode.objects.exists()


def test_device_of_another_clinic_is_not_replaced(harbor: Clinic, ana: User) -> None:
    theirs, token = make_device(make_clinic("inland"))
    asks, secret = pairings.offer("kiosk", "")
    with pytest.raises(Device.DoesNotExist):
        pairings.enter(harbor, asks.code, ana, replaces=theirs)
    assert devices.taken("kiosk", token) and devices.taken("kiosk", secret) is None


def test_new_device_needs_a_name_of_its_own(harbor: Clinic, ana: User) -> None:
    make_device(harbor, "kiosk", "Hall")
    asks, secret = pairings.offer("kiosk", "")
    assert "one of this name already" in refusal(harbor, asks.code, ana)
    assert pairings.standing("kiosk", secret)


def test_open_codes_are_bounded_from_one_address_and_in_all(db: None, clock: Clock) -> None:
    for n in range(pairings.MOST_OPEN):
        pairings.offer("kiosk", f"10.0.{n // pairings.MOST_AT_ONE_ADDRESS}.1")
    for address in ("10.0.0.1", "10.9.9.9"):
        with pytest.raises(Refused, match="Too many screens"):
            pairings.offer("kiosk", address)
    clock.add(minutes=10)
    pairings.offer("kiosk", "10.9.9.9")
    assert Pairing.objects.count() == 1


def test_one_address_cannot_use_up_what_others_need(db: None) -> None:
    for _n in range(pairings.MOST_AT_ONE_ADDRESS):
        pairings.offer("kiosk", "10.0.0.1")
    with pytest.raises(Refused):
        pairings.offer("kiosk", "10.0.0.1")
    assert pairings.offer("kiosk", "10.0.0.2")


def test_no_two_open_codes_share_the_half_that_finds_them(clock: Clock, db: None) -> None:
    asks, _secret = pairings.offer("kiosk", "")
    same = Pairing(kind="kiosk", code=asks.code[:4] + "BBBB", secret_hash="x", ends_at=clock.at + timedelta(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        same.save()
