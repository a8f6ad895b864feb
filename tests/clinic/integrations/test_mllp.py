from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.integrations import mllp
from clinic.integrations.mllp import Frames
from clinic.integrations.parcel import NotDelivered
from clinic.integrations.places import Place
from clinic.models.deliveries import Failure
from clinic.running.home import free_port
from tests.clinic.integrations.peers import heard, hung_up, says, scripted

PIECES = st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\x1c\r"])))


def ask(play: Callable[[socket.socket], object], seconds: float = 5.0) -> bytes:
    with scripted(play) as port:
        return mllp.exchange(Place("127.0.0.1", port, False), b"MSH|hello", seconds=seconds)


@given(PIECES)
def test_any_bytes_give_the_same_messages_however_they_are_cut(pieces: list[bytes]) -> None:
    whole, cut = Frames(30), Frames(30)
    data = b"".join(pieces)
    bytewise = Frames(30)
    assert whole.feed(data) == [found for piece in pieces for found in cut.feed(piece)]
    assert [found for byte in data for found in bytewise.feed(bytes([byte]))] == Frames(30).feed(data)
    assert whole.broken == cut.broken == bytewise.broken


@pytest.mark.parametrize("data", [b"x" * 5000, b"\x0b" + b"x" * 200])
def test_what_is_no_mllp_is_not_kept(data: bytes) -> None:
    frames = Frames(100)
    assert frames.feed(data) == [] and frames.broken
    assert frames.feed(mllp.frame(b"late")) == []
    assert len(frames._held) == 0


def play_drip(peer: socket.socket) -> None:
    heard(peer)
    for _n in range(100):
        peer.sendall(b"\x0b")
        time.sleep(0.02)


def play_pieces(peer: socket.socket) -> None:
    heard(peer)
    for byte in b"noise\x0bMSA|\x1c\r":
        peer.sendall(bytes([byte]))


def test_answer_may_come_in_pieces_after_noise() -> None:
    assert ask(play_pieces) == b"MSA|"


def test_answer_may_come_before_all_is_read() -> None:
    assert ask(lambda peer: peer.sendall(mllp.frame(b"early"))) == b"early"


@pytest.mark.parametrize(
    ("play", "failure", "words"),
    [
        (heard, Failure.NO_ANSWER, "it hung up without an answer"),
        (says(b"\x0bMSH|half"), Failure.NO_ANSWER, "it hung up within its answer"),
        (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Failure.PROTOCOL, "not in MLLP"),
        (says(b"x" * 5000), Failure.PROTOCOL, "not in MLLP"),
        (says(b"\x15\x03\x01\x00\x02"), Failure.SETUP, "mllps://"),
        (hung_up, Failure.NO_ANSWER, r"no answer within 0\.3 s"),
        (play_drip, Failure.NO_ANSWER, r"no answer within 0\.3 s"),
    ],
)
def test_what_went_wrong_is_said(play: Callable[[socket.socket], object], failure: Failure, words: str) -> None:
    with pytest.raises(NotDelivered, match=words) as no:
        ask(play, 0.3)
    assert no.value.failure == failure


@pytest.mark.parametrize(("host", "words"), [("127.0.0.1", "nothing listens"), ("nowhere.invalid", "its name")])
def test_nobody_there_is_said(host: str, words: str) -> None:
    with pytest.raises(NotDelivered, match=words) as no:
        mllp.exchange(Place(host, free_port(), False), b"x", seconds=2)
    assert no.value.failure == Failure.UNREACHABLE
