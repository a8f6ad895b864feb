"""What a stack's shell writes into its database, in place of log-ins that would hash a password for a second."""

from __future__ import annotations

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User

from clinic.models import Clinic, Membership
from clinic.services.sessions import BACKEND
from clinic.staff_session import SessionStore


def log_in(name: str) -> str:
    """A clerk of this name, active and of the demo's clinic, and the session that a log-in of theirs leaves."""
    user = User.objects.filter(username=name).first() or User(username=name)
    user.is_active, user.password = True, User.objects.get(username="ana").password
    user.save()
    Membership.objects.get_or_create(user=user, clinic=Clinic.objects.get(slug="harbor"))
    Membership.objects.filter(user=user).update(role="clerk")
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)
