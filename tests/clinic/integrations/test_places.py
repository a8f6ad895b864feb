from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from clinic.integrations.places import NoPlace, Place, check, place_of


@pytest.mark.parametrize(
    ("kind", "address", "place"),
    [
        ("hl7", "mllp://emr.example:2575", Place("emr.example", 2575, False)),
        ("hl7", "mllps://[2001:db8::7]:2576/", Place("2001:db8::7", 2576, True)),
        ("fhir", "https://emr.example/fhir/r4", Place("emr.example", 443, True)),
        ("webhook", "https://emr.example:8443/hook?clinic=7", Place("emr.example", 8443, True)),
        ("webhook", "http://127.0.0.1:9/", Place("127.0.0.1", 9, False)),
    ],
)
def test_where_an_address_leads(kind: str, address: str, place: Place) -> None:
    check(kind, address)
    assert place_of(kind, address) == place


@pytest.mark.parametrize(
    ("kind", "address", "why"),
    [
        ("hl7", "https://emr.example:2575", "must begin with mllp://"),
        ("fhir", "mllp://emr.example:2575", "must begin with https://"),
        ("webhook", "file:///etc/passwd", "no address"),
        ("webhook", "javascript:alert(1)", "no address"),
        ("hl7", "mllp://emr.example", "Write the port"),
        ("hl7", "mllp://emr.example:0", "no address"),
        ("hl7", "mllp://emr.example:99999", "no address"),
        ("hl7", "mllp://emr.example:2575/path", "Nothing follows the port"),
        ("hl7", f"mllp://{'a' * 64}.example:2575", "no address"),
        ("hl7", "mllp://a..example:2575", "no address"),
        ("hl7", "mllp://:2575", "no address"),
        ("hl7", "mllp://emr.example:2575?x=1", "Nothing follows the port"),
        ("hl7", "mllp://user@emr.example:2575", "Leave out the user"),
        ("hl7", "mllp://[2001:db8::7:2575", "no address"),
        ("fhir", "https://emr.example/fhir?token=1", "Leave out what begins"),
        ("webhook", "https://emr.example/#part", "Leave out what begins"),
        ("webhook", "https://user:pw@emr.example/", "Leave out the user and password"),
        ("webhook", "https://emr.example/a b", "no address"),
        ("webhook", "https://emr.example/\r\nHost: other", "no address"),
        ("webhook", "http://emr.example/", "Plain http:// is only for"),
        ("fhir", "http://10.1.2.3/fhir", "Plain http:// is only for"),
    ],
)
def test_what_is_wrong_is_said_without_repeating_it(kind: str, address: str, why: str) -> None:
    with pytest.raises(NoPlace, match=why) as no:
        check(kind, address)
    assert address not in str(no.value)
    assert "pw" not in str(no.value)


def test_plain_http_is_for_networks_that_were_named(settings: Any) -> None:
    settings.PRIVATE_DESTINATIONS = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    check("fhir", "http://10.1.2.3/fhir")
    check("webhook", "http://[fd00::9]:8080/")
    with pytest.raises(NoPlace, match="EVENKEEL_PRIVATE_DESTINATIONS"):
        check("webhook", "http://127.0.0.1/")
