from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from clinic import certificates
from clinic.certificates import Useless
from tests.clinic.pem import authority_pem, pair

END = datetime(2031, 5, 20, 12, tzinfo=UTC)


def with_password(key: str) -> str:
    private = load_pem_private_key(key.encode(), None)
    form = PrivateFormat.PKCS8
    return private.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"open sesame")).decode()


def test_a_certificate_and_its_key_are_a_pair_also_with_its_chain() -> None:
    mine = pair()
    certificates.check_pair(mine.certificate, mine.key)
    certificates.check_pair(mine.certificate + authority_pem(), mine.key)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (pair("other.example").key, "is not that of the first"),
        (with_password(pair().key), "has a password"),
        (pair().certificate, "no private key"),
        ("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----", "no private key"),
        ("hunter2", "no private key"),
        ("", "no private key"),
        ("x" * 30_001, "longer than"),
    ],
    ids=["another's", "locked", "a certificate", "damaged", "no PEM", "nothing", "too long"],
)
def test_a_key_of_no_use_is_refused_in_words_that_do_not_repeat_it(key: str, why: str) -> None:
    with pytest.raises(Useless, match=why) as no:
        certificates.check_pair(pair().certificate, key)
    assert not key or key[-40:] not in str(no.value)


@pytest.mark.parametrize(
    ("pem", "why"), [("hunter2", "no certificate"), (pair().key, "private key is in it")], ids=["no PEM", "a key"]
)
def test_what_is_no_certificate_is_refused(pem: str, why: str) -> None:
    with pytest.raises(Useless, match=why):
        certificates.read(pem)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(days=31), "Good until 2031-05-20."),
        (timedelta(days=12, hours=1), "It ends on 2031-05-20, in 12 days. Get a new one now."),
        (timedelta(days=1, hours=1), "It ends on 2031-05-20, in 1 day. Get a new one now."),
        (timedelta(0), "It ended on 2031-05-20. Put a new one in its place."),
    ],
)
def test_its_end_is_told_and_warned_of_30_days_before(before: timedelta, said: str) -> None:
    chain = authority_pem() + pair(until=END).certificate
    assert certificates.words(chain, END - before) == said


def test_no_certificate_has_no_words() -> None:
    assert certificates.words("", END) == ""
    assert certificates.words("garbage", END).startswith("That is no certificate")
