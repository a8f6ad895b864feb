"""A log-in whose password was right and whose second step is still to come: a note in a session of nobody."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from clinic.staff_session import HALF, HALF_LIFE


def begin(request: HttpRequest, user: User) -> None:
    """Holds for HALF_LIFE, and for as long as the password stays what it is. Whatever log-in was here is ended."""
    request.session.flush()
    request.session[HALF] = {
        "at": timezone.now().timestamp(),
        "user": user.pk,
        "password": user.get_session_auth_hash(),
    }


def user_of(request: HttpRequest) -> User | None:
    """Who has begun to log in here, and not yet done so."""
    note = request.session.get(HALF)
    if not note or timezone.now().timestamp() - note["at"] > HALF_LIFE.total_seconds():
        return None
    user = User.objects.filter(pk=note["user"], is_active=True).first()
    return user if user and user.get_session_auth_hash() == note["password"] else None


def lead_on(request: HttpRequest, wanted: str) -> None:
    """Where to go once it is whole."""
    request.session[HALF] = {**request.session[HALF], "next": wanted}


def wanted(request: HttpRequest) -> str:
    return str(request.session.get(HALF, {}).get("next", ""))
