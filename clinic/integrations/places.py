"""Where the address of a destination leads, and what is wrong with one that leads nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from clinic.integrations import addresses
from clinic.models import Destination

Kind = Destination.Kind
SCHEMES = {
    Kind.HL7: ("mllp", "mllps"),
    Kind.FHIR: ("https", "http"),
    Kind.WEBHOOK: ("https", "http"),
}
EXAMPLES = {
    Kind.HL7: "mllps://emr.example:2575",
    Kind.FHIR: "https://emr.example/fhir/r4",
    Kind.WEBHOOK: "https://emr.example/hook",
}
PORTS = {"https": 443, "http": 80}


class NoPlace(ValueError):
    """The text says what to write instead; it never repeats the address, which may hold a password."""


@dataclass(frozen=True)
class Place:
    """A host by name or number, without brackets, a port, and whether TLS is spoken there."""

    host: str
    port: int
    has_tls: bool


def place_of(kind: str, address: str) -> Place:
    """Where the address leads. Raises NoPlace."""
    parts = _split(Kind(kind), address)
    _check_rest(Kind(kind), parts)
    port = parts.port or PORTS.get(parts.scheme)
    if not port:
        raise NoPlace(f"Write the port, too, as in {EXAMPLES[Kind(kind)]}.")
    return Place(parts.hostname or "", port, parts.scheme in ("https", "mllps"))


def check(kind: str, address: str) -> None:
    """Raises NoPlace unless a destination of this kind may be given this address."""
    place = place_of(kind, address)
    is_web = kind in (Kind.FHIR, Kind.WEBHOOK)
    if is_web and not place.has_tls and not addresses.is_named(place.host):
        raise NoPlace(
            "Write https://. Plain http:// is only for a number address, such as 10.1.2.3, in a network that "
            "whoever runs this server named in EVENKEEL_PRIVATE_DESTINATIONS."
        )


def _split(kind: Kind, address: str) -> SplitResult:
    example = EXAMPLES[kind]
    try:
        parts = urlsplit(address)
        has_host = bool((parts.hostname or "").encode("idna")) and parts.port != 0
    except ValueError:
        has_host = False
    if not has_host or not address.isprintable() or " " in address:
        raise NoPlace(f"That is no address. Write one such as {example}.")
    if parts.scheme not in SCHEMES[kind]:
        raise NoPlace(f"It must begin with {SCHEMES[kind][0]}:// or {SCHEMES[kind][1]}://, as in {example}.")
    return parts


def _check_rest(kind: Kind, parts: SplitResult) -> None:
    if "@" in parts.netloc:
        raise NoPlace("Leave out the user and password: an address is shown, and is no place for a secret.")
    if kind == Kind.HL7 and (parts.path.strip("/") or parts.query or parts.fragment):
        raise NoPlace(f"Nothing follows the port, as in {EXAMPLES[kind]}.")
    if parts.fragment or (kind == Kind.FHIR and parts.query):
        raise NoPlace("Leave out what begins with # (and with ? in a FHIR base).")
