from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from clinic import access, rights
from clinic.models import Clinic, Device, Membership, StaffSession
from clinic.services import devices, pairings
from clinic.staff_session import SessionStore
from tests.factories import make_clinic, make_device, make_user

pytestmark = pytest.mark.django_db


def cookies_of(device: Device, token: str) -> dict[str, str]:
    return {access.cookie_name(device.kind): token}


def log_in(user: User) -> dict[str, str]:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session.create()
    return {settings.SESSION_COOKIE_NAME: session.session_key or ""}


def grant_of(clinic: Clinic, cookies: dict[str, str], user: Any = None) -> str | None:
    return rights.may_listen(clinic.topic.name, cookies, user or AnonymousUser())


@pytest.mark.parametrize("kind", ["kiosk", "monitor"])
def test_paired_device_may_listen_to_its_own_clinic(harbor: Clinic, kind: str) -> None:
    cookies = cookies_of(*make_device(harbor, kind))
    grant = grant_of(harbor, cookies)
    assert grant and rights.ended([grant]) == set()
    assert grant_of(make_clinic("inland"), cookies) is None


@pytest.mark.parametrize("cookies", [{}, {"kiosk": "wrong"}, {"kiosk": ""}])
def test_stranger_may_not_listen(harbor: Clinic, cookies: dict[str, str]) -> None:
    Device.objects.create(clinic=harbor, kind="kiosk", name="Not paired")
    assert grant_of(harbor, {access.cookie_name(name): token for name, token in cookies.items()}) is None


def test_kiosks_token_is_no_monitors_token(harbor: Clinic) -> None:
    _device, token = make_device(harbor, "kiosk")
    assert grant_of(harbor, {access.cookie_name("monitor"): token}) is None


def test_member_may_listen_to_their_own_clinic_only(harbor: Clinic, ana: User) -> None:
    cookies = log_in(ana)
    grant = grant_of(harbor, cookies, ana)
    assert grant and rights.ended([grant]) == set()
    assert grant_of(make_clinic("inland"), cookies, ana) is None
    assert grant_of(harbor, cookies) is None
    ana.is_active = False
    assert grant_of(harbor, cookies, ana) is None


def test_revoked_device_is_ended_and_out(harbor: Clinic) -> None:
    device, token = make_device(harbor)
    grant = grant_of(harbor, cookies_of(device, token))
    devices.revoke(device)
    assert grant and rights.ended([grant]) == {grant}
    assert grant_of(harbor, cookies_of(device, token)) is None


def test_device_paired_anew_locks_the_old_browser_out(harbor: Clinic, ana: User) -> None:
    device, token = make_device(harbor)
    grant = grant_of(harbor, cookies_of(device, token))
    asks, new = pairings.offer(device.kind, "")
    pairings.enter(harbor, asks.code, ana, replaces=device)
    assert grant and rights.ended([grant]) == {grant}
    assert grant_of(harbor, cookies_of(device, new)) and not grant_of(harbor, cookies_of(device, token))


def test_device_moved_to_another_clinic_is_ended(harbor: Clinic) -> None:
    device, token = make_device(harbor)
    grant = grant_of(harbor, cookies_of(device, token))
    Device.objects.update(clinic=make_clinic("inland"))
    assert grant and rights.ended([grant]) == {grant}


def end_membership(user: User) -> None:
    Membership.objects.filter(user=user).delete()


def move_membership(user: User) -> None:
    Membership.objects.filter(user=user).update(clinic=make_clinic("inland"))


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def log_out(user: User) -> None:
    StaffSession.objects.all().delete()


def let_session_lapse(user: User) -> None:
    StaffSession.objects.update(expire_date=timezone.now())


@pytest.mark.parametrize("end", [end_membership, move_membership, deactivate, log_out, let_session_lapse])
def test_grant_of_a_member_ends_with_its_right(harbor: Clinic, ana: User, ben: User, end: Any) -> None:
    lasting = grant_of(harbor, cookies_of(*make_device(harbor)))
    grant = grant_of(harbor, log_in(ana), ana)
    assert grant and lasting
    end(ana)
    assert rights.ended([grant, lasting]) == {grant}


def test_grant_that_means_nothing_has_ended() -> None:
    assert rights.ended(["", "nonsense"]) == {"", "nonsense"}


def test_revoked_device_is_not_brought_back_by_an_old_copy(harbor: Clinic) -> None:
    device, token = make_device(harbor)
    old = Device.objects.get(pk=device.pk)
    devices.revoke(device)
    devices.set_up(old, devices.SetUp(name="Hall", volume=20))
    assert access.device_of("kiosk", cookies_of(device, token)) is None


def test_membership_is_of_the_clinic_named_else_of_the_first(harbor: Clinic) -> None:
    inland = make_clinic("inland")
    ana = make_user("ana", inland)
    Membership.objects.create(user=ana, clinic=harbor)
    for slug, name in [(None, "Harbor"), ("inland", "Inland")]:
        membership = access.membership_of(ana, slug)
        assert membership and membership.clinic.name == name
    assert access.membership_of(ana, "elsewhere") is None
    assert access.membership_of(AnonymousUser()) is None


def test_role_ops_in_any_clinic_gives_the_switch_and_nothing_of_the_clinic(harbor: Clinic) -> None:
    olu = make_user("olu")
    Membership.objects.create(user=olu, clinic=harbor, role="ops")
    assert access.is_ops(olu) and olu.has_module_perms("realtime")
    assert not olu.has_perm("clinic.change_visit")
    olu.is_active = False
    assert not access.is_ops(olu)


def test_ops_page_is_for_those_who_may_flip_the_switch(harbor: Clinic, ana: User) -> None:
    olu = make_user("olu", harbor, "ops")
    assert access.is_ops(olu)
    assert not access.is_ops(ana)
    assert not access.is_ops(AnonymousUser())
    olu.is_active = False
    assert not access.is_ops(olu)
