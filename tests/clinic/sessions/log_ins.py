"""Logging in as people do it: by the pages, with a phone that makes codes."""

from __future__ import annotations

import re
import time
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import TOTP

from clinic.models import PhoneKey

PLACES = 10


def send_password(client: Client, name: str, password: str | None = None, **more: str) -> Any:
    said = {"username": name, "password": password or "pw-of-" + name, **more}
    return client.post("/login/", said)


def code_of(user: User, ahead: int = 0) -> str:
    """What the phone shows now, or `ahead` steps of half a minute from now: each code counts once."""
    totp = TOTP(PhoneKey.objects.filter(user=user).latest("pk").key)
    totp.time = time.time() + 30 * ahead
    return f"{totp.token():06d}"


def set_up(client: Client, user: User) -> list[str]:
    """Logs somebody in for the first time. Gives their paper codes."""
    assert send_password(client, user.username)["Location"] == "/login/code/"
    assert client.get("/login/code/")["Location"] == "/login/set-up/"
    client.get("/login/set-up/")
    page = client.post("/login/set-up/", {"code": code_of(user)}).content.decode()
    return re.findall(r"<li><code>([a-z2-7]{4}-[a-z2-7]{4})</code>", page)


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
