"""Tokens and capabilities, as the stand-in judges them."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator

import jwt
import pytest

from realtime.standin.auth import Key, covers
from tests.realtime.standin_rig import PUBLISH_KEY, Rig, running, spec, token


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with running() as rig:
        yield rig


def signed(secret: str, kid: str | None, **claims: object) -> str:
    """A JWT made by hand."""
    now = int(time.time())
    headers = {"kid": kid} if kid else {}
    return jwt.encode({"iat": now, "exp": now + 60, **claims}, secret, algorithm="HS256", headers=headers)


@pytest.mark.parametrize(
    ("resource", "channel", "covered"),
    [
        ("*", "room", True),
        ("*", "room:42", True),
        ("room:*", "room:42", True),
        ("room:*", "room:42:door", True),
        ("room:*", "room", False),
        ("room:*", "hall:42", False),
        ("room:*:door", "room:42:door", True),
        ("room:*:door", "room:42:left:door", False),
        ("*:42", "room:42", True),
        ("*:42", "room:43", False),
        ("room*", "room42", False),
        ("room*", "room*", True),
        ("room:42", "room:42", True),
        ("room:42", "room:42:door", False),
    ],
)
def test_resource_covers_whole_segments(resource: str, channel: str, covered: bool) -> None:
    assert covers(resource, channel) is covered


@pytest.mark.parametrize("text", ["", "app.id", "app.id:", ":secret"])
def test_key_without_name_or_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"app\.id:secret"):
        Key.parse(text, "publish")


ALL = {"x-ably-capability": '{"*":["*"]}'}
SECRET = PUBLISH_KEY.partition(":")[2]
# Made in the test: a token that was made when this file was read may have ended by then.
BAD_TOKENS: dict[str, tuple[Callable[[], str], int, int]] = {
    "expired": (lambda: token(life=-1), 401, 40142),
    "other secret": (lambda: signed("x" * 43, "demo.server"), 401, 40144),
    "no expiry": (lambda: signed(SECRET, "demo.server", exp=None), 401, 40144),
    "no capability": (lambda: token(claims={"x-ably-capability": "rooms"}), 401, 40144),
    "capability not in a string": (lambda: token(claims={"x-ably-capability": {"*": ["publish"]}}), 401, 40144),
    "unknown key": (lambda: signed(SECRET, "demo.other"), 401, 40143),
    "no key": (lambda: signed(SECRET, None), 401, 40143),
    "not a JWT": (lambda: "x.y.z", 401, 40143),
    "not base64": (lambda: "xyz!", 401, 40143),
    "too long a life": (lambda: token(life=25 * 3600), 400, 40003),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_bad_token_is_refused_with_the_vendors_code(rig: Rig, name: str) -> None:
    bearer, status, code = BAD_TOKENS[name]
    answer = rig.post("/messages", [spec("n:a")], bearer=bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["x-ably-errorcode"] == str(code)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic ZGVtbw=="}])
def test_request_without_a_token_is_refused(rig: Rig, header: dict[str, str]) -> None:
    answer = rig.http.post(rig.url + "/messages", json=[spec("n:a")], headers=header)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 40101)


def test_token_in_base64_once_more_is_accepted(rig: Rig) -> None:
    assert rig.post("/messages", [spec("n:a")], bearer=base64.b64encode(token().encode()).decode()).is_success


def test_token_without_capability_has_its_keys_rights(rig: Rig) -> None:
    assert rig.post("/channels/n:a/messages", {}, bearer=signed(SECRET, "demo.server")).status_code == 201


def test_batch_refuses_only_the_channels_outside_the_capability(rig: Rig) -> None:
    answer = rig.post("/messages", [spec("ours:a", "theirs:a")], bearer=token(resource="ours:*"))
    assert answer.status_code == 201
    summary = answer.json()[0]
    assert (summary["successCount"], summary["failureCount"]) == (1, 1)
    assert summary["results"][1]["channel"] == "theirs:a"
    assert summary["results"][1]["error"]["code"] == 40160
    assert summary["results"][1]["error"]["statusCode"] == 401


def test_single_publish_outside_the_capability_is_refused(rig: Rig) -> None:
    answer = rig.post("/channels/theirs:a/messages", {"data": "1"}, bearer=token(resource="ours:*"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 40160)


def test_subscribe_key_cannot_publish_whatever_its_token_says(rig: Rig) -> None:
    bearer = token("subscribe", claims=ALL)
    answer = rig.post("/channels/n:a/messages", {"data": "1"}, bearer=bearer)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 40160)


def test_publish_key_cannot_subscribe_whatever_its_token_says(rig: Rig) -> None:
    with rig.stream("n:a", accessToken=token(claims=ALL)) as stream:
        assert stream.answer.status_code == 401
        assert stream.answer.headers["x-ably-errorcode"] == "40160"
