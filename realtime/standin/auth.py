"""Who may do what: API keys, the JWTs that they sign, and the capabilities inside."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from realtime.standin.errors import VendorError
from realtime.standin.wire import Request

LONGEST_LIFE = 24 * 3600


@dataclass(frozen=True)
class Key:
    """An API key with one right: "publish" or "subscribe". No token that it signs can do more."""

    name: str
    secret: str
    operation: str

    @classmethod
    def parse(cls, text: str, operation: str) -> Key:
        """From `app.id:secret`. Raises ValueError."""
        name, _, secret = text.partition(":")
        if not name or not secret:
            raise ValueError("a key looks like app.id:secret")
        return cls(name, secret, operation)


@dataclass(frozen=True)
class Grant:
    """What a valid token allows, until `expires` (epoch seconds)."""

    operation: str
    capability: Mapping[str, list[str]]
    expires: float

    def demand(self, operation: str, channel: str) -> None:
        """Raises VendorError 40160 unless both the key and the token allow the operation on the channel."""
        allowed = operation == self.operation and any(
            covers(resource, channel) and ("*" in operations or operation in operations)
            for resource, operations in self.capability.items()
        )
        if not allowed:
            raise VendorError(401, 40160, f"the token does not permit {operation} on this channel")


def covers(resource: str, channel: str) -> bool:
    """Whether a capability's resource names the channel.

    A `*` stands for one whole segment between colons; at the end it stands for one or more.
    """
    pattern, segments = resource.split(":"), channel.split(":")
    if pattern[-1] == "*" and len(segments) > len(pattern):
        segments = segments[: len(pattern)]
    return len(pattern) == len(segments) and all(
        part in ("*", segment) for part, segment in zip(pattern, segments, strict=True)
    )


def authenticate(keys: Mapping[str, Key], request: Request) -> Grant:
    """The grant in a request's token, from its `accessToken` parameter or its header. Raises VendorError."""
    token = request.query.get("accessToken") or _bearer(request.headers.get("authorization", ""))
    if not token:
        raise VendorError(401, 40101, "no token: send accessToken, or an Authorization header with Bearer")
    key = _signing_key(keys, token)
    claims = _claims(token, key)
    return Grant(key.operation, _capability(claims), float(claims["exp"]))


def _bearer(header: str) -> str:
    """A JWT as it is, or in base64 once more, as the vendor's SDKs send it; empty if there is none."""
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "bearer":
        return ""
    if "." in credentials:
        return credentials
    try:
        return base64.b64decode(credentials, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise VendorError(401, 40143, "the token is neither a JWT nor one in base64") from error


def _signing_key(keys: Mapping[str, Key], token: str) -> Key:
    try:
        name = str(jwt.get_unverified_header(token).get("kid"))
    except jwt.InvalidTokenError as error:
        raise VendorError(401, 40143, "the token is not a JWT") from error
    if name not in keys:
        raise VendorError(401, 40143, "no key has the name in the token's kid")
    return keys[name]


def _claims(token: str, key: Key) -> dict[str, Any]:
    try:
        claims = jwt.decode(token, key.secret, algorithms=["HS256"], options={"require": ["iat", "exp"]})
    except jwt.ExpiredSignatureError as error:
        raise VendorError(401, 40142, "the token has expired") from error
    except jwt.InvalidTokenError as error:
        raise VendorError(401, 40144, f"the JWT is not valid: {error}") from error
    if claims["exp"] - claims["iat"] > LONGEST_LIFE:
        raise VendorError(400, 40003, "the token lives longer than 24 hours")
    return claims


def _capability(claims: Mapping[str, Any]) -> dict[str, list[str]]:
    """A token without the claim has all the rights of its key."""
    text = claims.get("x-ably-capability", '{"*":["*"]}')
    try:
        capability = json.loads(text)
        return {str(resource): [str(name) for name in names] for resource, names in capability.items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise VendorError(401, 40144, "x-ably-capability is not a JSON object in a string") from error
