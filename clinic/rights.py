"""Who may listen to a topic, and until when: what realtime asks, by settings.REALTIME_RIGHTS."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from clinic import clock
from clinic.access import PHONE, cookie_name, device_of
from clinic.models import Device, Membership, StaffSession, Visit
from clinic.services import phones, second_step
from clinic.staff_session import SessionStore

# An auditor's pages are not live.
LISTENING = (Membership.Role.CLERK, Membership.Role.MANAGER, Membership.Role.OPS)


def may_listen(topic: str, cookies: Mapping[str, str], user: Any) -> str | None:
    """The grant of a paired device, a member of staff or a patient's phone, of the clinic whose topic this is."""
    return _as_device(topic, cookies) or _as_member(topic, cookies, user) or _as_phone(topic, cookies)


def _as_device(topic: str, cookies: Mapping[str, str]) -> str | None:
    for kind in Device.Kind.values:
        device = device_of(kind, cookies)
        if device is not None and device.clinic.topic.name == topic:
            return f"device {device.pk} {device.clinic_id} {device.token_hash}"
    return None


def _as_member(topic: str, cookies: Mapping[str, str], user: Any) -> str | None:
    """A log-in that still lives, and is whole: who needs a second step has made it."""
    if not isinstance(user, User) or not user.is_active:
        return None
    member = Membership.objects.filter(user=user, clinic__topic__name=topic, role__in=LISTENING).first()
    key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    if member is None or second_step.is_missing(user, SessionStore(key)):
        return None
    return f"member {member.pk} {member.clinic_id} {member.role} {key}"


def _as_phone(topic: str, cookies: Mapping[str, str]) -> str | None:
    token = cookies.get(cookie_name(PHONE), "")
    visit = phones.visit_behind(token) if token else None
    return f"phone {visit.pk} {visit.clinic_id}" if visit and visit.clinic.topic.name == topic else None


def ended(grants: Collection[str]) -> set[str]:
    """Grants of devices that were revoked, paired anew or moved, of members who left, of sessions that ended.

    And of phones whose link has died.
    """
    return set(grants) - _devices_alive(grants) - _phones_alive(grants) - _members_alive(grants)


def _devices_alive(grants: Collection[str]) -> set[str]:
    wanted = [grant.split(" ")[1] for grant in grants if grant.startswith("device ")]
    rows = Device.objects.filter(pk__in=wanted).exclude(token_hash="")
    return {f"device {pk} {at} {token}" for pk, at, token in rows.values_list("pk", "clinic_id", "token_hash")}


def _phones_alive(grants: Collection[str]) -> set[str]:
    wanted = [grant.split(" ")[1] for grant in grants if grant.startswith("phone ")]
    rows = Visit.objects.with_phone_link(clock.now()).filter(pk__in=wanted) if wanted else Visit.objects.none()
    return {f"phone {pk} {at}" for pk, at in rows.values_list("pk", "clinic_id")}


def _members_alive(grants: Collection[str]) -> set[str]:
    asked = [(grant, *grant.split(" ", 4)[1:]) for grant in grants if grant.startswith("member ")]
    members = Membership.objects.filter(pk__in=[pk for _g, pk, *_rest in asked], user__is_active=True)
    rows = members.values_list("pk", "clinic_id", "role", "user_id")
    alive = {(str(pk), str(clinic), role): user for pk, clinic, role, user in rows}
    sessions = _live_sessions({key for *_rest, key in asked})
    return {
        grant
        for grant, pk, clinic, role, key in asked
        if (pk, clinic, role) in alive and sessions.get(key) == alive[pk, clinic, role]
    }


def _live_sessions(keys: Collection[str]) -> dict[str, int | None]:
    """Which of these log-ins still live, and whose they are."""
    live = StaffSession.objects.filter(pk__in=keys, expire_date__gt=timezone.now())
    return dict(live.values_list("pk", "user_id"))
