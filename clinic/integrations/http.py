"""HTTP to other systems: no redirects, no proxies of the environment, bounded answers, errors in plain words."""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils import timezone

from clinic.integrations.parcel import NotDelivered
from clinic.models import Destination
from clinic.models.deliveries import GIVE_UP_AFTER, Failure

LARGEST_ANSWER = 256 * 1024
GONE = 410
# A packed answer of a few bytes can unpack to gigabytes.
HEADERS = {"accept-encoding": "identity"}


@dataclass(frozen=True)
class Answer:
    """`body`: at most LARGEST_ANSWER bytes of it, none where none was wanted. `retry_after`: seconds, or 0."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_after: float

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """What the body says; None when that is no JSON, or too deep to read."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@contextmanager
def client(destination: Destination, seconds: float) -> Iterator[httpx.Client]:
    """A client for one call. Raises NotDelivered when the destination's address or certificates are of no use."""
    _must_be_plain(destination.url)
    context = tls(destination)
    with httpx.Client(
        timeout=seconds, follow_redirects=False, trust_env=False, verify=context, headers=HEADERS
    ) as opened:
        yield opened


def ask(client: httpx.Client, method: str, url: str, *, wants_body: bool = True, **more: Any) -> Answer:
    """One request and its answer, whatever the status. Raises NotDelivered."""
    try:
        with client.stream(method, url, **more) as response:
            body = _read(response) if wants_body else b""
            wait = 0.0 if response.is_success else _retry_after(response)
            return Answer(response.status_code, response.headers, body, wait)
    except httpx.TimeoutException:
        raise NotDelivered(Failure.NO_ANSWER, f"no answer within {client.timeout.read:g} s") from None
    except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as error:
        raise NotDelivered(Failure.UNREACHABLE, f"cannot reach it: {reason(error)}") from None
    except httpx.RemoteProtocolError as error:
        raise _no_http(error) from None
    except (httpx.RequestError, OSError) as error:
        raise NotDelivered(Failure.NO_ANSWER, f"no answer: {reason(error)}") from None


def answered(status: int) -> str:
    """The status in plain words."""
    if 300 <= status < 400:
        return f"it answered {status}: it is at another address, which we do not follow"
    return f"it answered {status}"


def failure_of(status: int) -> Failure:
    """What an answer other than 2xx means for what is done next."""
    if status in (429, 502, 503, 504):
        return Failure.BUSY
    if status in (400, 412, 413, 422):
        return Failure.REJECTED
    if status in (405, 406, 415):
        # It takes no message of this kind from anybody: another address would.
        return Failure.SETUP
    return Failure.GONE if status == GONE else Failure.ERROR


def reason(error: BaseException) -> str:
    """Why a connection came to nothing, as the system says it; never an address, which may hold a secret."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def tls(destination: Destination) -> ssl.SSLContext:
    """Whom we trust and who we are; shared, so not to be changed. Raises NotDelivered when one cannot be read."""
    certificate = destination.client_certificate
    try:
        return _context(destination.ca_certificate, certificate, certificate and destination.secrets.private_key)
    except (ssl.SSLError, ValueError, TypeError) as error:
        why = getattr(error, "reason", None) or str(error)
        raise NotDelivered(Failure.SETUP, f"its certificates or private key cannot be used: {why}") from None


# Reading the public authorities takes longer than most calls.
@lru_cache(maxsize=64)
def _context(authority: str, certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority or None)
    if certificate:
        _load(context, certificate, key)
    return context


def _load(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # Python reads both from a file alone. Without a password it would ask for one at the terminal, and wait.
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{key.strip()}\n{certificate.strip()}\n")
        file.flush()
        context.load_cert_chain(file.name, password="")


def _must_be_plain(url: str) -> None:
    """A password in an address would lie in the database for all to read."""
    try:
        has_user = "@" in urlsplit(url).netloc
    except ValueError:
        return
    if has_user:
        raise NotDelivered(Failure.SETUP, "its address holds a user or password: take it out, and set a secret")


def _no_http(error: httpx.RemoteProtocolError) -> NotDelivered:
    """It hung up before its answer was whole, or speaks something else; never in its own words."""
    words = str(error).lower()
    if "disconnected" in words or "closed connection" in words:
        return NotDelivered(Failure.NO_ANSWER, "no answer: it hung up")
    return NotDelivered(Failure.PROTOCOL, "its answer is no HTTP: is it the right address and port?")


def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            break
    return bytes(body[:LARGEST_ANSWER])


def _retry_after(response: httpx.Response) -> float:
    """Seconds from now, of either form of the header; 0 when there is none, or none that can be read."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), GIVE_UP_AFTER.total_seconds())
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - timezone.now()).total_seconds())
