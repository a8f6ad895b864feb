"""What a patient does at the kiosk, page by page, and how a test reads a page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

from clinic.access import cookie_name
from tests.factories import make_device

BORN = {"birth_month": "4", "birth_day": "17", "birth_year": "1985"}
FLOW: list[tuple[str, dict[str, str]]] = [
    ("/kiosk/", {"language": "en"}),
    ("/kiosk/arrival/", {"arrival": "walk_in"}),
    ("/kiosk/name/", {"given_name": "Bob", "family_name": "Miller"}),
    ("/kiosk/birth/", BORN),
    ("/kiosk/phone/", {"phone": "202 555 0143"}),
    ("/kiosk/reason/", {"reason": "injury"}),
]
LAST = "/kiosk/check/"


class Marks(HTMLParser):
    """The attributes of every element of a page, and its visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append({"tag": tag, **dict(attrs)})

    def handle_data(self, data: str) -> None:
        self.text += data

    def having(self, name: str, value: str | None = None) -> list[dict[str, str | None]]:
        return [one for one in self.elements if name in one and (value is None or one[name] == value)]


def paired_client(clinic: Any, name: str = "Entrance") -> Client:
    _device, token = make_device(clinic, name=name)
    client = Client()
    client.cookies[cookie_name("kiosk")] = token
    return client


def answer(kiosk: Client, upto: str = LAST, **said: str) -> None:
    """Answers all pages before `upto`; `said` in place of the usual answers."""
    for address, answers in FLOW:
        if address == upto:
            return
        assert (
            kiosk.post(address, {name: said.get(name, value) for name, value in answers.items()}).status_code
            == 302
        )


def finish(kiosk: Client) -> str:
    """The last page's button; gives the page with the ticket."""
    return kiosk.post(LAST, follow=True).content.decode()


def ticket_in(page: str) -> str:
    (found,) = Marks(page).having("data-ticket")
    return str(found["data-ticket"])


def every_page(kiosk: Client, language: str) -> dict[str, str]:
    """All pages of one way through, each right and, where it can be, wrong."""
    pages = {"/kiosk/": kiosk.get("/kiosk/").content.decode()}
    for address, said in FLOW:
        if address != "/kiosk/":
            pages[address] = kiosk.get(address).content.decode()
            wrong = dict.fromkeys(said, "?")
            pages[f"wrong {address}"] = kiosk.post(address, wrong, follow=True).content.decode()
        kiosk.post(address, {**said, **({"language": language} if "language" in said else {})})
    for address in (LAST, "/kiosk/help/coming/"):
        pages[address] = kiosk.get(address).content.decode()
    pages["/kiosk/ticket/"] = finish(kiosk)
    return pages
