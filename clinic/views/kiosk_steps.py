"""The kiosk's questions, in order, and which page comes when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.forms import ArrivalForm, BirthForm, LanguageForm, NameForm, PhoneForm, ReasonForm
from clinic.kiosk_session import OWN, KioskSession


@dataclass(frozen=True)
class Step:
    """One page of the kiosk. `of_another`: the question when it is about one more of those who came together."""

    name: str
    question: Any
    form: type[forms.Form]
    template: str = "kiosk/question.html"
    of_another: Any = ""

    @property
    def is_own(self) -> bool:
        """Whether each of those who came together answers it for themselves."""
        return set(self.form.base_fields) <= OWN

    def typed(self, sent: Mapping[str, str]) -> dict[str, str]:
        """What stands in this page's fields, right or wrong."""
        return {name: sent[name] for name in self.form.base_fields if name in sent}


STEPS = [
    Step("language", _("Welcome. Which language do you want?"), LanguageForm, "kiosk/language.html"),
    Step("arrival", _("Do you have an appointment?"), ArrivalForm, "kiosk/arrival.html"),
    Step("name", _("What is your name?"), NameForm, "kiosk/name.html", _("What is the next person's name?")),
    Step("birth", _("When were you born?"), BirthForm, "kiosk/birth.html", _("When was this person born?")),
    Step("phone", _("What is your mobile number?"), PhoneForm, "kiosk/phone.html"),
    Step("reason", _("Why are you here today?"), ReasonForm, "kiosk/reason.html", _("Why is this person here?")),
]
BY_NAME = {step.name: step for step in STEPS}
FIRST, CHECK = STEPS[0].name, "check"


def steps_of(kiosk: KioskSession) -> list[Step]:
    """What is asked of whoever is asked now: of the second and later ones, only what is their own."""
    return [step for step in STEPS if step.is_own or not kiosk.others]


def first_unanswered(kiosk: KioskSession) -> str:
    """The name of the page to answer next; "check" when there is none."""
    open_steps = (step.name for step in STEPS if not set(step.form.base_fields) <= set(kiosk.answers))
    return next(open_steps, CHECK)


def after(kiosk: KioskSession, name: str) -> str:
    """The name of the page after this one."""
    return next((step.name for step in steps_of(kiosk) if place(step.name) > place(name)), CHECK)


def before(kiosk: KioskSession, name: str) -> str:
    """The name of the page before this one; empty at the first one."""
    earlier = [step.name for step in steps_of(kiosk) if place(step.name) < place(name)]
    return earlier[-1] if earlier else ""


def place(name: str) -> int:
    """Where a page stands in the whole order; the check page, and whatever is none, last."""
    return next((n for n, step in enumerate(STEPS) if step.name == name), len(STEPS))


def address(name: str) -> str:
    """Of a page, with all that was answered; the bare start forgets it."""
    return reverse("kiosk:check") if name == CHECK else reverse("kiosk:question", args=[name])


def next_open(kiosk: KioskSession) -> str:
    """The address of the page to answer next; while nothing of anybody is held, of the bare start."""
    return address(first_unanswered(kiosk)) if kiosk.is_in_use else reverse("kiosk:start")
