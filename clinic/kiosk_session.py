"""What a kiosk holds of those in front of it until the wipe: on the server, apart from any log-in there."""

from __future__ import annotations

import secrets
import uuid
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse

from clinic.access import cookie_name
from clinic.models.visits import name_key

LIFE = 15 * 60
COOKIE = "kiosk-answers"
# What tells those who check in together apart, whatever they answer.
WHO = "who"
# That whoever is asked now called for help at once.
RED_FLAG = "red_flag"
# What each of them answers for themselves; the rest is asked once.
OWN = frozenset(
    {
        *(WHO, "given_name", "family_name", "birth_month", "birth_day", "birth_year", "birth_date"),
        *("reason", "needs_help", RED_FLAG),
    }
)


class KioskSession:
    """The answers so far of whoever is asked now and of those who came along, the key, and the visits at last."""

    def __init__(self, request: HttpRequest) -> None:
        self._store = SessionStore(request.COOKIES.get(cookie_name(COOKIE)))
        self._wiped = False

    @property
    def answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = self._store.get("answers", {})
        return answers

    def add(self, cleaned: dict[str, Any]) -> None:
        """Keeps the answers of one page."""
        plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in cleaned.items()}
        self._store["answers"] = {**self.answers, **plain}
        self._store.pop("draft", None)
        # Made long before the last page is sent: two taps on its button must read one key, not make one each.
        self._store.setdefault("key", str(uuid.uuid4()))

    def raise_flag(self) -> None:
        """Whoever is asked now has called for help at once. What was not sent yet of their page stays held."""
        self._store["answers"] = {**self.answers, RED_FLAG: True}

    @property
    def is_in_use(self) -> bool:
        """Whether anything of somebody is held: an answer, a call for help, or how they want the screen."""
        return bool(self.answers or self.display)

    @property
    def display(self) -> dict[str, str]:
        """How this patient wants the screen: the size of the text and the contrast, where they chose."""
        display: dict[str, str] = self._store.get("display", {})
        return display

    def show(self, display: dict[str, str]) -> None:
        """From the next page on."""
        self._store["display"] = {**self.display, **display}

    def jot(self, step: str, typed: dict[str, str], *, was_wrong: bool) -> None:
        """Holds what stands on a page but was not sent yet, for the one time that the page is shown again."""
        self._store["draft"] = {"step": step, "typed": typed, "was_wrong": was_wrong}

    def take_draft(self, step: str) -> dict[str, Any]:
        """What was held of this page, no longer held; empty if nothing was."""
        is_held = self._store.get("draft", {}).get("step") == step
        draft: dict[str, Any] = self._store.pop("draft", {}) if is_held else {}
        return draft

    @property
    def others(self) -> list[dict[str, Any]]:
        """The own answers of those who have answered all of them already, in the order of their answers."""
        others: list[dict[str, Any]] = self._store.get("others", [])
        return others

    def people(self) -> list[dict[str, Any]]:
        """All answers of each, the one who is asked now last."""
        return [{**self.answers, **one} for one in self.others] + [self.answers]

    @property
    def who(self) -> str:
        """Which of them is asked now; empty while there is only one."""
        return str(self.answers.get(WHO, ""))

    def ask_another(self) -> None:
        """The one who is asked now has answered; the next one is asked."""
        self._keep([*self.others, self._own()], {WHO: secrets.token_hex(4)})

    def take_up(self, who: str) -> None:
        """One of the others is asked again, and whoever is asked now waits in that place; else nothing."""
        found = [one for one in self.others if one[WHO] == who]
        if found:
            self._keep([self._own() if one[WHO] == who else one for one in self.others], found[0])

    def remove(self, who: str) -> None:
        """One of several does not check in after all. If it is the one asked now, the one before is shown."""
        if self.others and who == self.who:
            *rest, last = self.others
            self._keep(rest, last)
        else:
            self._keep([one for one in self.others if one[WHO] != who], self._own())

    def has_listed(self, cleaned: dict[str, Any]) -> bool:
        """Whether whoever is asked now would, with this page's answers, be one of the others once more."""
        person = _person({**self.answers, **cleaned})
        return any(_person(one) == person for one in self.others)

    def _own(self) -> dict[str, Any]:
        own = {name: value for name, value in self.answers.items() if name in OWN}
        return {WHO: secrets.token_hex(4), RED_FLAG: False, **own}

    def _keep(self, others: list[dict[str, Any]], own: dict[str, Any]) -> None:
        shared = {name: value for name, value in self.answers.items() if name not in OWN}
        self._store["others"], self._store["answers"] = others, {**shared, **own}
        self._store.pop("draft", None)

    @property
    def key(self) -> uuid.UUID:
        """Of this check-in: a form that is sent twice makes one visit. It dies with the wipe."""
        return uuid.UUID(self._store["key"])

    @property
    def visit_ids(self) -> list[str]:
        """The public ids of what this check-in made."""
        ids: list[str] = self._store.get("visits", [])
        return ids

    @visit_ids.setter
    def visit_ids(self, public_ids: list[str]) -> None:
        self._store["visits"] = public_ids

    @property
    def refusal(self) -> str:
        """Why this check-in made no visits, in no language; empty if it was not refused."""
        return str(self._store.get("refusal", ""))

    @refusal.setter
    def refusal(self, why: str) -> None:
        self._store["refusal"] = why

    def wipe(self) -> None:
        """Forgets everything, here and in the database."""
        self._store.flush()
        self._wiped = True

    def save(self, response: HttpResponse) -> None:
        """Stores what changed, and sets or ends the cookie."""
        name = cookie_name(COOKIE)
        if self._store.modified and self._store.keys():
            self._wiped = not self._stored()
        if self._wiped:
            response.delete_cookie(name, samesite="Strict")
        elif self._store.modified:
            response.set_cookie(
                name, self._store.session_key or "", httponly=True, secure=settings.HTTPS, samesite="Strict"
            )

    def _stored(self) -> bool:
        """Writes the answers down; False when a wipe came in between, which wins."""
        self._store.set_expiry(LIFE)
        try:
            self._store.save()
        except UpdateError:
            return False
        return True


def _person(said: dict[str, Any]) -> tuple[str, ...]:
    """What makes one person, of answers that may not be whole yet."""
    names = (name_key(said.get(name, "")) for name in ("given_name", "family_name"))
    return (*names, str(said.get("birth_date", "")))
