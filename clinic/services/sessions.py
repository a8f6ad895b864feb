"""Log-ins of staff: how they begin and end, all of them in the audit; and who is told when one has ended."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib import auth
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY

from clinic import audit, request_context
from clinic.models import Membership, StaffSession
from clinic.models.audit import SYSTEM
from clinic.services import second_step
from clinic.staff_session import ACTED, BEGAN, HALF
from realtime import notices
from realtime.models import Topic

BACKEND = "django.contrib.auth.backends.ModelBackend"
ENDING = ("password", "is_active")


def log_in(request: HttpRequest, user: User, second: str = "") -> None:
    """The whole log-in is done; `second`: by which key or paper, as second_step gives it."""
    for name in (BEGAN, ACTED, HALF):
        request.session.pop(name, None)
    with transaction.atomic():
        auth.login(request, user, backend=BACKEND)
        if second:
            request.session[DEVICE_ID_SESSION_KEY] = second
        audit.write(second_step.chains_of(user), "login.in", by=audit.staff(user), of=("user", user.pk))


def go_on(request: HttpRequest, user: User, second: str) -> None:
    """A second step was set up within this log-in: it lasts no longer than it would have, and all others end."""
    with transaction.atomic():
        request.session[DEVICE_ID_SESSION_KEY] = second
        request.session.cycle_key()
        others = StaffSession.objects.filter(user_id=user.pk).exclude(session_key=request.session.session_key)
        _told_end(user, others, by=audit.staff(user))


def log_out(request: HttpRequest) -> None:
    """Ends this browser's log-in, and with it its sockets."""
    user = request.user
    with transaction.atomic():
        if isinstance(user, User):
            audit.write(second_step.chains_of(user), "login.out", by=audit.staff(user), of=("user", user.pk))
        auth.logout(request)


def refused(user: User | None, why: str) -> None:
    """Somebody tried and failed. A name that nobody has is not kept: it may be a password in the wrong field."""
    chains = second_step.chains_of(user) if user else [SYSTEM]
    of = ("user", user.pk) if user else ("", "")
    audit.write(chains, "login.fail", by=audit.NOBODY, of=of, detail={"why": why})


def end_all(user: User, *, by: audit.Who) -> int:
    """Logs a person out everywhere. Gives how many log-ins that were."""
    with transaction.atomic():
        return _told_end(user, StaffSession.objects.filter(user_id=user.pk), by=by)


def _told_end(user: User, log_ins: QuerySet[StaffSession], *, by: audit.Who) -> int:
    ended, _what = log_ins.delete()
    audit.write(second_step.chains_of(user), "login.end-all", by=by, of=("user", user.pk), detail={"count": ended})
    return ended


def _end_all(user_pk: int) -> None:
    StaffSession.objects.filter(user_id=user_pk).delete()


# --- Whoever ends a right, by whatever way, is heard -----------------------------------------------------------


@receiver(pre_save, sender=User)
def _note_what_was(instance: User, raw: bool = False, update_fields: Any = None, **signal: Any) -> None:
    instance._new_password = instance._ends_sessions = False  # type: ignore[attr-defined]
    if raw or not instance.pk or (update_fields is not None and not set(ENDING) & set(update_fields)):
        return
    was = User.objects.filter(pk=instance.pk).values(*ENDING).first()
    if was:
        is_new = was["password"] != instance.password
        instance._ends_sessions = is_new or (was["is_active"] and not instance.is_active)  # type: ignore[attr-defined]
        # Django's own mark of one that was set, and not only hashed in a newer way.
        instance._new_password = is_new and instance._password is not None  # type: ignore[attr-defined]


@receiver(post_save, sender=User)
def _end_what_was(instance: User, created: bool = False, raw: bool = False, **signal: Any) -> None:
    """A new password, or a person who may no longer work here, ends all log-ins of theirs and what is offered."""
    if getattr(instance, "_ends_sessions", False):
        _end_all(instance.pk)
        second_step.withdraw(instance)
    if raw or request_context.current().request_id:
        # Of what is done on a page, that page tells who did it.
        return
    if created and instance.is_superuser:
        _tell_of_shell(instance, "user.add", {"user": instance.get_username(), "to": "is_superuser"})
    elif getattr(instance, "_new_password", False):
        _tell_of_shell(instance, "login.password")


def _tell_of_shell(user: User, action: str, detail: dict[str, audit.Plain] | None = None) -> None:
    """By `manage.py createsuperuser` or `changepassword`."""
    by = audit.shell(getpass.getuser())
    audit.write(second_step.chains_of(user), action, by=by, of=("user", user.pk), detail=detail)


def own_password_changed(user: User) -> None:
    """On the page for it."""
    audit.write(second_step.chains_of(user), "login.password", by=audit.staff(user), of=("user", user.pk))


@receiver(post_delete, sender=User)
def _end_of_a_person(instance: User, **signal: Any) -> None:
    _end_all(instance.pk)


@receiver(post_delete, sender=StaffSession)
def _tell_of_the_end(instance: StaffSession, **signal: Any) -> None:
    if instance.user_id:
        _tell(Topic.objects.filter(clinic__memberships__user=instance.user_id))


@receiver(post_save, sender=Membership)
@receiver(post_delete, sender=Membership)
def _tell_of_a_role(instance: Membership, **signal: Any) -> None:
    _tell(Topic.objects.filter(clinic=instance.clinic_id))


def _tell(topics: Any) -> None:
    """Hubs look at once at whom they let listen there; without Redis they do within five seconds."""
    for topic in topics:
        notices.end_rights(topic)
