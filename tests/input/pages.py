"""The forms and links of a page, as a browser would send and follow them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

Attributes = dict[str, str]
UNSENT = {"submit", "button", "image", "reset", "file"}


@dataclass
class Field:
    """One control: what it would send untouched (None: nothing), and what it offers."""

    name: str
    value: str | None
    kind: str
    offers: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One form: where it goes, and its controls in order."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.fields)


class Page(HTMLParser):
    """A page's forms and the addresses that it links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._by_id: dict[str, Form] = {}
        self._open: Form | None = None
        self._choice: Field | None = None
        self._area: Field | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        present = {name for name, _value in attrs}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif tag == "form":
            self._open = Form(said.get("action", ""), said.get("method", "get").upper())
            self.forms.append(self._open)
            self._by_id[said.get("id", "")] = self._open
        elif form := self._by_id.get(said.get("form", "-")) or self._open:
            self._control(form, tag, said, present)

    def _control(self, form: Form, tag: str, said: Attributes, present: set[str]) -> None:
        name = said.get("name", "")
        if tag == "option" and self._choice:
            self._option(self._choice, said, present)
        elif tag == "button" and "formaction" in said:
            self.forms.append(Form(said["formaction"], form.method, form.fields, form.buttons))
        elif tag == "button" and name:
            form.buttons.append((name, said.get("value", "")))
        elif tag == "select" and name:
            self._choice = Field(name, None, "select")
            form.fields.append(self._choice)
        elif tag == "textarea" and name:
            self._area = Field(name, "", "textarea")
            form.fields.append(self._area)
        elif tag == "input" and name:
            self._input(form, name, said, present)

    def _option(self, choice: Field, said: Attributes, present: set[str]) -> None:
        choice.offers.append(said.get("value", ""))
        if choice.value is None or "selected" in present:
            choice.value = said.get("value", "")

    def _input(self, form: Form, name: str, said: Attributes, present: set[str]) -> None:
        kind = said.get("type", "text")
        if kind in UNSENT:
            form.buttons += [(name, said.get("value", ""))] if kind == "submit" else []
        elif kind in ("radio", "checkbox"):
            self._tick(form, name, kind, said.get("value", "on"), "checked" in present)
        else:
            form.fields.append(Field(name, said.get("value", ""), kind))

    def _tick(self, form: Form, name: str, kind: str, value: str, is_on: bool) -> None:
        known: Any = next((one for one in form.fields if one.name == name and one.kind == kind), None)
        if known is None:
            known = Field(name, None, kind)
            form.fields.append(known)
        known.offers.append(value)
        known.value = value if is_on else known.value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag in ("select", "textarea"):
            self._choice = self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.value = (self._area.value or "") + data
