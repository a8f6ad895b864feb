"""A kiosk without a browser: as fast as the server answers, for what is measured."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

import httpx

from tests.browser.people import Patient
from tests.stack import Stack

STEPS = ["", "arrival/", "name/", "birth/", "phone/", "reason/", "check/"]


@dataclass
class TimedCheckIn:
    """`pressed`: when the last POST left, in ms since 1970. `posts`: what each took, in ms."""

    ticket: str = ""
    pressed: float = 0.0
    posts: list[float] = field(default_factory=list)


def timed_check_in(stack: Stack) -> TimedCheckIn:
    """Checks a new patient in."""
    with httpx.Client(base_url=f"{stack.url}/kiosk/", timeout=10, trust_env=False) as client:
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("").text)[0]
        said = {"csrfmiddlewaretoken": token, **vars(Patient()), "reason": "other"}
        done = TimedCheckIn()
        for step in STEPS:
            done.pressed = time.time() * 1000
            began = time.perf_counter()
            answer = client.post(step, data=said)
            done.posts.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 302, step
        done.ticket = re.findall(r'data-ticket="(\w+)"', client.get("ticket/").text)[0]
    return done
