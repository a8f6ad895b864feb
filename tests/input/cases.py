"""One bad request, made from a seed and a number alone: who, where, and what is broken about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote_from_bytes

from tests.input import bad
from tests.input.routes import Route
from tests.input.site import Found, Site, fill, jar
from tests.input.wire import ORIGIN, Request

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"]
WEIGHTS = {"kiosk": 30, "desk": 22, "admin": 30, "ops": 4, "login": 4, "pair": 3, "live": 3, "monitor": 3, "v": 6}
# Every so many requests go to the routes in turn, so that chance leaves none of them out.
IN_TURN = 5
MOST_FORMS = 5
TOKEN = b"csrfmiddlewaretoken"
FORM = b"application/x-www-form-urlencoded"
BOUNDARY = b"evenkeel-boundary"


@dataclass
class Draft:
    """A request in the making. `sent`: the fields of its body; `raw` takes their place. `tail`: goes
    after the query as it is. `broken`: what was done."""

    actor: str
    method: str
    path: str
    query: list[tuple[bytes, bytes]] = field(default_factory=list)
    sent: list[tuple[bytes, bytes]] = field(default_factory=list)
    headers: dict[bytes, bytes] = field(default_factory=lambda: {b"origin": ORIGIN.encode()})
    cookies: dict[str, str] = field(default_factory=dict)
    host: bytes = b"127.0.0.1:8000"
    raw: bytes | None = None
    tail: bytes = b""
    broken: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """What is sent, by whom, and in words what is wrong with it."""

    number: int
    actor: str
    request: Request
    broken: list[str]

    def __str__(self) -> str:
        query = b"?" + self.request.query if self.request.query else b""
        line = f"{self.request.method} {self.request.path}{query.decode('latin-1')}"
        return f"{self.actor}: {line[:300]} ({', '.join(self.broken) or 'as it should be'})"


def make(site: Site, seed: int, number: int) -> Case:
    """The case of this number."""
    rng = Random(f"{seed}:{number}")
    draft = _draft(rng, site, _route(rng, site, number))
    path = draft.path
    for _n in range(rng.choices([0, 1, 2, 3], [5, 45, 30, 20])[0]):
        breaks = rng.choices(list(BREAKS), list(BREAKS.values()))[0]
        breaks(rng, site, draft)
        draft.broken.append(breaks.__name__)
    if number % IN_TURN == 0:
        # What goes to a route in turn gets there.
        draft.path = path
    return Case(number, draft.actor, _request(draft), draft.broken)


def _route(rng: Random, site: Site, number: int) -> Route:
    if number % IN_TURN == 0:
        return site.routes[number // IN_TURN % len(site.routes)]
    areas: dict[str, list[Route]] = {}
    for route in site.routes:
        areas.setdefault(route.area, []).append(route)
    area = areas[rng.choices(list(areas), [WEIGHTS.get(one, 1) for one in areas])[0]]
    return rng.choices(area, [1 + min(MOST_FORMS, len(site.forms.get(one.pattern, []))) for one in area])[0]


def _draft(rng: Random, site: Site, route: Route) -> Draft:
    found = site.forms.get(route.pattern)
    if found and rng.random() < 0.8:
        return _of_form(rng, site, rng.choice(found))
    known = [actor for actor, status in site.seen.get(route.pattern, {}).items() if status < 400]
    actor = rng.choice(known if known and rng.random() < 0.6 else list(site.world.cookies))
    said = {name: rng.choice(site.world.values[name]) for name in route.parameters}
    draft = Draft(actor, rng.choices(METHODS[:3], [70, 5, 25])[0], route.address(said))
    draft.cookies = dict(site.world.cookies[actor])
    draft.sent = [(TOKEN, site.tokens.get(actor, "").encode())] if draft.method == "POST" else []
    return draft


def _of_form(rng: Random, site: Site, found: Found) -> Draft:
    actor = found.actor if rng.random() < 0.85 else rng.choice(list(site.world.cookies))
    path, _mark, query = found.address.partition("?")
    draft = Draft(actor, found.form.method, path, cookies=dict(site.world.cookies[actor]))
    draft.query = [tuple(part.encode() for part in pair.partition("=")[::2]) for pair in query.split("&") if pair]  # type: ignore[misc]
    sent = fill(found.form)
    for one in found.form.fields:
        if len(one.offers) > 1 and rng.random() < 0.4:
            sent = [(name, rng.choice(one.offers) if name == one.name else value) for name, value in sent]
    if found.form.buttons:
        sent.append(rng.choice(found.form.buttons))
    # Whoever presses somebody else's button has at least a token of their own.
    token = site.tokens.get(actor, "")
    pairs = [(name.encode(), (token if name.encode() == TOKEN else value).encode()) for name, value in sent]
    if draft.method == "GET":
        draft.query += pairs
    else:
        draft.sent = pairs
    return draft


def _request(draft: Draft) -> Request:
    body = draft.raw if draft.raw is not None else _encoded(draft.sent)
    headers = dict(draft.headers)
    if body and b"content-type" not in headers:
        headers[b"content-type"] = FORM
    query = _encoded(draft.query) + draft.tail
    cookies = jar(draft.cookies)
    unknowable = {a_cookie.__name__, a_header.__name__, a_content_type.__name__} & set(draft.broken)
    knows = ", es, " in draft.actor and "page 0" not in draft.actor and not unknowable
    speaks = "es" if knows else ""
    return Request(draft.method, draft.path, query, list(headers.items()), body, draft.host, cookies, speaks)


def _encoded(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return "&".join(f"{quote_from_bytes(name)}={quote_from_bytes(value)}" for name, value in pairs).encode()


# --- What can be wrong ------------------------------------------------------------------------------------------


def _pairs(draft: Draft) -> list[tuple[bytes, bytes]]:
    return draft.sent or draft.query


def a_field(rng: Random, site: Site, draft: Draft) -> None:
    """One field's value; seldom the token's, which would hide all others."""
    pairs = _pairs(draft)
    places = [n for n, (name, _value) in enumerate(pairs) if name != TOKEN]
    if not places:
        return a_parameter(rng, site, draft)
    place = rng.choice(places)
    name = pairs[place][0]
    pairs[place] = (name, bad.value(rng, name.decode("latin-1"), site.world))


def a_birth(rng: Random, site: Site, draft: Draft) -> None:
    said = bad.birth(rng)
    if not any(name == b"birth_year" for name, _value in draft.sent):
        return a_field(rng, site, draft)
    draft.sent = [(name, said.get(name.decode("latin-1"), value)) for name, value in draft.sent]


def a_missing_field(rng: Random, site: Site, draft: Draft) -> None:
    if pairs := _pairs(draft):
        del pairs[rng.randrange(len(pairs))]


def a_repeated_field(rng: Random, site: Site, draft: Draft) -> None:
    if pairs := _pairs(draft):
        name = rng.choice(pairs)[0]
        pairs.insert(rng.randrange(len(pairs) + 1), (name, bad.value(rng, name.decode("latin-1"), site.world)))


def a_field_too_many(rng: Random, site: Site, draft: Draft) -> None:
    names = [b"clinic", b"next", b"_popup", b"_to_field", b"change", b"at", b"o", b"p", b"q", b"all",
    b"id__exact",
             b"state__exact", b"day__gte", b"_selected_action", b"action", b"room", b"free", b"seen",
             b"verb", b"key",
             b"e", b"_changelist_filters", b"lane__in", b"day__year", b"clinic__id__exact", b"page", b"desc",
             b"\xff",
             b"clinic__name__regex", b"visit__family_name", b"day__isnull", b"term", b"app_label",
             b"model_name",
             b"field_name", b"job_ids", b"sort", b"is_active__exact", b"date_joined__day", b"facets",
             b"_facets"]  # fmt: skip
    where = draft.query if rng.random() < 0.7 else draft.sent
    name = rng.choice(names)
    where.append((name, bad.value(rng, name.decode("latin-1"), site.world)))


def thousands_of_fields(rng: Random, site: Site, draft: Draft) -> None:
    _pairs(draft).extend((b"f%d" % n, b"") for n in range(rng.choice([400, 501, 3000])))


def a_parameter(rng: Random, site: Site, draft: Draft) -> None:
    parts = draft.path.split("/")
    place = rng.randrange(1, len(parts))
    parts[place] = quote_from_bytes(bad.value(rng, "", site.world)[:3000], safe="%")
    draft.path = "/".join(parts)


def a_method(rng: Random, site: Site, draft: Draft) -> None:
    draft.method = rng.choice(METHODS)


def a_content_type(rng: Random, site: Site, draft: Draft) -> None:
    draft.headers[b"content-type"] = rng.choice(bad.CONTENT_TYPES)


def a_body(rng: Random, site: Site, draft: Draft) -> None:
    draft.raw = rng.choice(bad.BODIES)


def a_body_too_large(rng: Random, site: Site, draft: Draft) -> None:
    draft.raw = _encoded(draft.sent) + b"&x=" + b"a" * rng.choice([65_500, 70_000, 10**6])


def a_multipart_body(rng: Random, site: Site, draft: Draft) -> None:
    """The fields as parts, one of them a file, or cut off, or with a wrong boundary."""
    parts = []
    for name, value in draft.sent or [(b"a", b"b")]:
        as_file = b'; filename="a\\..\\b.txt"' if rng.random() < 0.2 else b""
        how = b"Content-Transfer-Encoding: base64\r\n" if rng.random() < 0.1 else b""
        said = b'Content-Disposition: form-data; name="%s"%s\r\n%s\r\n%s\r\n' % (name, as_file, how, value)
        parts.append(b"--" + BOUNDARY + b"\r\n" + said)
    whole = b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"
    cut = rng.choice([len(whole), len(whole), rng.randrange(len(whole)), len(whole) - 4])
    draft.raw = whole[:cut]
    draft.headers[b"content-type"] = b"multipart/form-data; boundary=" + rng.choice([BOUNDARY, BOUNDARY, b"other"])


def a_token(rng: Random, site: Site, draft: Draft) -> None:
    forged = rng.choice([b"", b"guessed", b"a" * 64, b"\xff", b"a" * 32, b"\x00" * 64])
    draft.sent = [(name, forged if name == TOKEN else value) for name, value in draft.sent]


def a_cookie(rng: Random, site: Site, draft: Draft) -> None:
    """One of the actor's cookies, or one that they have not. Latin-1 is all that goes over the wire."""
    names = sorted({name for jar in site.world.cookies.values() for name in jar})
    forged = [bad.value(rng, "", site.world)[:4000].decode("latin-1"), "a" * 32, "0" * 32, '"', ""]
    draft.cookies[rng.choice(names)] = rng.choice(forged)


def a_header(rng: Random, site: Site, draft: Draft) -> None:
    name = rng.choice(list(bad.HEADERS))
    draft.headers[name] = rng.choice(bad.HEADERS[name])


def a_host(rng: Random, site: Site, draft: Draft) -> None:
    draft.host = rng.choice(bad.HOSTS)


def a_raw_query(rng: Random, site: Site, draft: Draft) -> None:
    """Bytes that no browser would leave as they are."""
    name = rng.choice([b"change", b"clinic", b"p", b"q", b"o", b"id"])
    draft.tail = (
        b"&"
        + name
        + b"="
        + rng.choice([*bad.UNREADABLE, *bad.INVISIBLE, b"%", b"%ff%00", b"%zz", b"&&&", b"=", b";"])
    )


BREAKS: dict[Callable[[Random, Site, Draft], None], int] = {
    a_field: 45, a_birth: 6, a_missing_field: 6, a_repeated_field: 5, a_field_too_many: 10,
    thousands_of_fields: 1,
    a_parameter: 4, a_method: 3, a_content_type: 2, a_body: 2, a_body_too_large: 1, a_multipart_body: 4,
    a_token: 1,
    a_cookie: 5, a_header: 6, a_host: 1, a_raw_query: 5,
}  # fmt: skip
