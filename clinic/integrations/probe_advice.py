"""What to do when a step of a connection test came to nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """How far a test came."""

    ADDRESS = "Address"
    NAME = "Name"
    ALLOWED = "Allowed"
    CONNECT = "Connection"
    TLS = "Encryption"
    PROTOCOL = "Protocol"


ADVICE = {
    Stage.ADDRESS: "Correct the address on this page.",
    Stage.NAME: "Check how the name is written. If it is a name of your own network, ask whoever runs this "
    "server whether it can look such names up; a number address works without.",
    Stage.ALLOWED: "If it is right that this server calls it, ask whoever runs this server to name its network "
    "in EVENKEEL_PRIVATE_DESTINATIONS; else correct the address.",
    Stage.CONNECT: "Is the receiver started, and is the port right? If it was silent, a firewall on the way "
    "may drop what we send: ask for the way from this server to that port to be opened.",
    Stage.TLS: "Is TLS spoken on this port? If its certificate is not trusted, put the certificate of the "
    "authority that signed it under Security; if the name does not match, write the name that is in it. If it "
    "asks who we are, set our certificate and private key.",
    Stage.PROTOCOL: "The way to it is open; what answers there did not take our test. Compare what is set up "
    "here with what the other side expects, and look into its own log.",
}


def certificate_words(certificate: Any) -> str:
    """Whose certificate it is and until when, as a TLS connection tells."""
    names = [value for group in certificate.get("subject", ()) for key, value in group if key == "commonName"]
    names += [value for _kind, value in certificate.get("subjectAltName", ())]
    whose = f" of {names[0]}" if names else ""
    return f"its certificate{whose} is trusted, and good until {certificate.get('notAfter', 'an unknown day')}."
