"""Who may see which page: devices by their cookie, staff by their membership. Of sockets: rights.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone

from clinic import staff_language
from clinic.digests import digest
from clinic.models import AuditEvent, Clinic, Device, Membership
from clinic.models.audit import SYSTEM

P = ParamSpec("P")
PHONE = "phone"
Role = Membership.Role
# Whoever has no business with patients sees none.
AT_DESK = (Role.CLERK, Role.MANAGER)
# Of the system's audit, what concerns every clinic. All else there is of people or messages of no clinic, and of
# who read it; a log-in that failed under nobody's name too, or its row would say that no clinic has that name.
CONCERNS_ALL = Q(action__regex=r"^(switch|breaker|jobs|purge|backup)\.") | Q(
    action__in=["audit.mend", "audit.protect"]
)
# Where each role's work is.
LANDING: dict[str, str] = {
    Role.CLERK: "desk:desk",
    Role.MANAGER: "desk:desk",
    Role.OPS: "ops:ops",
    Role.AUDITOR: "audit:list",
}


class StaffRequest(HttpRequest):
    """A request of a member of staff, for the clinic they work at now."""

    user: User
    clinic: Clinic
    membership: Membership
    at: str


def cookie_name(kind: str) -> str:
    """A kiosk's or monitor's own cookie: one browser may be both."""
    return f"{settings.COOKIE_PREFIX}{kind}"


def pairing_cookie(kind: str) -> str:
    """Of a browser that asks to be one."""
    return f"{cookie_name(kind)}-pairing"


def device_of(kind: str, cookies: Mapping[str, str]) -> Device | None:
    """The paired device that these cookies prove, or None."""
    token = cookies.get(cookie_name(kind), "")
    if not token:
        return None
    found = Device.objects.select_related("clinic__topic", "report")
    return found.filter(kind=kind, token_hash=digest(token)).first()


def membership_of(user: Any, slug: str | None = None) -> Membership | None:
    """The membership a person acts under: of the clinic named, else of their first clinic."""
    found = _memberships(user)
    return (found.filter(clinic__slug=slug) if slug else found).first()


def memberships_here(request: Any) -> list[Membership]:
    """All of whoever asks, read once a request."""
    if "memberships" not in request.__dict__:
        request.memberships = list(_memberships(request.user))
    found: list[Membership] = request.memberships
    return found


def roles_here(request: Any) -> set[str]:
    """All that whoever asks has, in any clinic."""
    return {one.role for one in memberships_here(request)}


def _memberships(user: Any) -> QuerySet[Membership]:
    """All of a person's, in the order of the clinics' names."""
    if not isinstance(user, AbstractBaseUser) or not user.is_active:
        return Membership.objects.none()
    return Membership.objects.filter(user=user.pk).select_related("clinic__topic").order_by("clinic__name")


def staff_only(
    view: Callable[Concatenate[StaffRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Lets those in who work at a desk, and sets `request.clinic`. Others need not know what is here: 404."""

    @login_required
    @staff_language.spoken
    @wraps(view)
    def wrapped(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        membership = _acting(request)
        if membership is None:
            raise Http404
        request.membership, request.clinic = membership, membership.clinic
        with timezone.override(request.clinic.zone):
            return view(request, *args, **kwargs)

    return wrapped


def _acting(request: Any) -> Membership | None:
    """Under which membership somebody acts; `request.at`: what the page's addresses carry, of who has several.

    A page's own requests say by `?at=` whose page it is: another tab may have turned to another clinic since.
    `?clinic=` chooses among their own, for the rest of the session.
    """
    mine = {one.clinic.slug: one for one in memberships_here(request) if one.role in AT_DESK}
    at, asked = request.GET.get("at"), request.GET.get("clinic")
    if asked in mine and request.session.get("clinic") != asked:
        request.session["clinic"] = asked
    first = next(iter(mine.values()), None)
    acting = mine.get(at) if at else mine.get(request.session.get("clinic"), first)
    request.at = f"?at={acting.clinic.slug}" if acting and len(mine) > 1 else ""
    return acting


def lead(request: StaffRequest, name: str, *args: object) -> HttpResponse:
    """To another page of the same clinic's."""
    return redirect(reverse(name, args=args) + request.at)


def others(request: StaffRequest) -> list[Clinic]:
    """The further clinics that a member of staff may turn to."""
    desks = Clinic.objects.filter(memberships__user=request.user, memberships__role__in=AT_DESK)
    return list(desks.exclude(pk=request.clinic.pk))


def has_desk(user: User) -> bool:
    """Whether somebody works at the desk of any clinic."""
    return _memberships(user).filter(role__in=AT_DESK).exists()


def landing(user: User) -> str:
    """The address where somebody's work is: of several roles, the first of LANDING."""
    roles = set(_memberships(user).values_list("role", flat=True))
    name = next((name for role, name in LANDING.items() if role in roles), None)
    return resolve_url(name or ("admin:index" if user.is_staff else "desk:desk"))


def works_at_desk(membership: Membership) -> bool:
    """Whether somebody may see patients, and pair the clinic's devices and set them up."""
    return membership.role in AT_DESK


def manages(membership: Membership) -> bool:
    """Whether somebody sees how a clinic's days went, and may lock a device out."""
    return membership.role == Membership.Role.MANAGER


def is_ops(user: User | AnonymousUser) -> bool:
    """Whether a person may see the ops page and flip the switch. By role: one that needs a second step."""
    if user.is_anonymous or not user.is_active:
        return False
    return user.is_superuser or _memberships(user).filter(role=Role.OPS).exists()


def engine_clinics(user: Any) -> QuerySet[Clinic]:
    """The clinics whose messages to other systems a person may look after: all for a superuser."""
    if not user.is_active:
        return Clinic.objects.none()
    if user.is_superuser:
        return Clinic.objects.all()
    roles = [Membership.Role.MANAGER, Membership.Role.OPS]
    return Clinic.objects.filter(pk__in=Membership.objects.filter(user=user.pk, role__in=roles).values("clinic"))


def managed_clinics(user: Any) -> QuerySet[Clinic]:
    """The clinics that a person manages: all for a superuser."""
    if user.is_superuser:
        return Clinic.objects.all()
    return Clinic.objects.filter(memberships__user=user.pk, memberships__role=Membership.Role.MANAGER)


def audited_clinics(user: Any) -> QuerySet[Clinic]:
    """The clinics whose audit a person may read, by name: their auditors and managers; all for a superuser."""
    clinics = Clinic.objects.order_by("name", "pk")
    if user.is_superuser:
        return clinics
    roles = [Membership.Role.AUDITOR, Membership.Role.MANAGER]
    return clinics.filter(pk__in=Membership.objects.filter(user=user.pk, role__in=roles).values("clinic"))


def audited_rows(user: Any, chain: int) -> QuerySet[AuditEvent]:
    """Of a chain that a person may read: all of a clinic's, of the system's what concerns every clinic."""
    rows = AuditEvent.objects.filter(chain=chain)
    return rows if chain != SYSTEM or user.is_superuser else rows.filter(CONCERNS_ALL)


def may_set_up(user: Any, clinic_pk: int) -> bool:
    """Whether the admin lets a person change what this clinic has there, such as its destinations."""
    return user.is_staff and managed_clinics(user).filter(pk=clinic_pk).exists()


class OpsBackend(BaseBackend):
    """Gives members with the role ops, of any clinic, the rights over what all clinics share: the switch."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not user_obj.is_active or not perm.startswith("realtime."):
            return False
        return Membership.objects.filter(user=user_obj.pk, role=Membership.Role.OPS).exists()

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self.has_perm(user_obj, f"{app_label}.")
