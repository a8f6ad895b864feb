"""Who loses a right loses the socket, in a real server: told at once, and without Redis within five seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.access.browsers import Browser, seconds_to_the_end
from tests.stack import Stack

WITHIN = 5.0
IMPORTS = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from clinic import audit
from clinic.services import Actor, devices, sessions
"""
LET_IN = """
from clinic import demo
from clinic.digests import digest
token = digest(demo.token("monitor"))
Device.objects.filter(kind="monitor", name="Demo").update(token_hash=token, revoked_at=None)
"""
ENDS = {
    "disabled": "user = User.objects.get(username='lea'); user.is_active = False; user.save()",
    "disabled by a query": "User.objects.filter(username='lea').update(is_active=False)",
    "password": "user = User.objects.get(username='lea'); user.set_password('another of hers'); user.save()",
    "membership": "Membership.objects.get(user__username='lea').delete()",
    "role": "member = Membership.objects.get(user__username='lea'); member.role = 'ops'; member.save()",
    "logged out everywhere": "sessions.end_all(User.objects.get(username='lea'), by=audit.EVENKEEL)",
    "idle": "StaffSession.objects.filter(user_id=User.objects.get(username='lea').pk)"
    ".update(expire_date=timezone.now())",
}


@pytest.fixture
def lea(stack: Stack) -> Iterator[Browser]:
    """A clerk at the desk, who is about to lose the right to be there."""
    with Browser(stack) as browser:
        browser.be("lea")
        yield browser


@pytest.fixture
def kim(stack: Stack, lea: Browser) -> Iterator[Browser]:
    """One who keeps it."""
    with Browser(stack) as browser:
        browser.be("kim")
        yield browser


@pytest.mark.parametrize("end", ENDS)
def test_socket_and_pages_end_with_the_right(stack: Stack, lea: Browser, kim: Browser, end: str) -> None:
    socket, kept = lea.listen(), kim.listen()
    began = time.monotonic()
    stack.shell.run(IMPORTS + ENDS[end])
    assert seconds_to_the_end(socket, began) < WITHIN
    assert lea.http.get("/desk/board/", follow_redirects=False).status_code in (302, 404)
    assert kim.http.get("/desk/board/", follow_redirects=False).status_code == 200
    assert "version" in str(kept.recv(timeout=10))


def test_log_out_ends_the_socket(lea: Browser) -> None:
    socket = lea.listen()
    began = time.monotonic()
    lea.send("/logout/", "/desk/")
    assert seconds_to_the_end(socket, began) < WITHIN


def test_revoked_device_loses_its_socket(stack: Stack) -> None:
    with Browser(stack) as screen:
        screen.open("/monitor/")
        socket = screen.listen()
        began = time.monotonic()
        stack.shell.run(IMPORTS + "devices.revoke(Device.objects.get(kind='monitor', name='Demo'), by=Actor())")
        assert seconds_to_the_end(socket, began) < WITHIN
    stack.shell.run(LET_IN)


@pytest.mark.parametrize("end", ["disabled", "idle"])
def test_without_redis_it_is_as_soon(stack: Stack, lea: Browser, end: str) -> None:
    socket = lea.listen()
    with stack.redis_frozen():
        began = time.monotonic()
        stack.shell.run(IMPORTS + ENDS[end])
        assert seconds_to_the_end(socket, began) < WITHIN
