"""One running site in this process: the world, its pages and forms as each actor finds them, and Redis."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from tests.input.pages import Form
from tests.input.routes import Route
from tests.input.wire import ORIGIN, Answer, Request, Wire
from tests.input.world import World

# What a person would write, by the name of the field; `initial` values and first choices stand.
WRITES = {
    "given_name": "Bob", "family_name": "Miller", "birth_day": "17", "birth_year": "1985", "birth_month": "4",
    "phone": "202 555 0143", "username": "ana", "password": "pw-of-ana", "reason": "injury", "name": "Name 1",
    "url": "https://emr.example/", "slug": "new-clinic", "q": "A10", "answered_by": "Ann Miller",
    "code": "bcdf-ghjk",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A form where an actor finds it."""

    actor: str
    address: str
    form: Form


@dataclass
class Site:
    """`starts`: where an actor is, if at the kiosk. `tokens`: what each actor's forms carry.

    `forms` and `seen`, by route pattern: what can be sent there, and who got which status there.
    """

    wire: Wire
    world: World
    routes: list[Route]
    starts: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    forms: dict[str | None, list[Found]] = field(default_factory=dict)
    seen: dict[str, dict[str, int]] = field(default_factory=dict)

    def ask(self, actor: str, method: str, address: str, body: bytes = b"") -> Answer:
        """As the actor's own browser would; cookies that are set stay."""
        cookies = self.world.cookies[actor]
        path, _mark, query = address.partition("?")
        headers = [(b"origin", ORIGIN.encode())]
        if body:
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
        answer = self.wire.send(Request(method, path, query.encode(), headers, body, cookies=jar(cookies)))
        cookies.update(answer.cookies)
        return answer

    def route_of(self, address: str) -> str | None:
        """The pattern that an address matches, if any."""
        try:
            return resolve(urlsplit(address).path).route
        except (Resolver404, ValueError):
            return None


def jar(cookies: dict[str, str]) -> bytes:
    """Cookies as a header's value."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items()).encode("latin-1", "replace")


def fill(form: Form) -> list[tuple[str, str]]:
    """What a person would send: what stands there, and the usual words where it is empty."""
    sent = []
    for one in form.fields:
        value = one.value
        if not value and (usual := WRITES.get(one.name)) and (not one.offers or usual in one.offers):
            value = usual
        if value is None and one.kind == "radio":
            value = one.offers[0]
        if value is not None:
            sent.append((one.name, value))
    return sent
