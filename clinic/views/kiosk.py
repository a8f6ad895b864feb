"""The kiosk: one question a page, each a full load; it forgets everything when done, idle or wiped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from clinic import presenters, services
from clinic.forms import (
    ArrivalForm,
    BirthForm,
    LanguageForm,
    NameForm,
    PhoneForm,
    ReasonForm,
    answers_from,
    language_choices,
    written_phone,
)
from clinic.kiosk_session import KioskSession
from clinic.models import Visit
from clinic.models.visits import Reason
from clinic.services import Actor
from clinic.views.devices import DeviceRequest, paired


@dataclass(frozen=True)
class Step:
    """One page of the kiosk."""

    name: str
    question: Any
    form: type[forms.Form]
    template: str = "kiosk/question.html"


STEPS = [
    Step("language", _("Welcome. Which language do you want?"), LanguageForm, "kiosk/language.html"),
    Step("arrival", _("Do you have an appointment?"), ArrivalForm),
    Step("name", _("What is your name?"), NameForm),
    Step("birth", _("When were you born?"), BirthForm, "kiosk/birth.html"),
    Step("phone", _("What is your mobile number?"), PhoneForm, "kiosk/phone.html"),
    Step("reason", _("Why are you here today?"), ReasonForm, "kiosk/reason.html"),
]
BY_NAME = {step.name: step for step in STEPS}
FIRST = STEPS[0].name


class KioskRequest(DeviceRequest):
    """A kiosk's request, with what the patient has said so far."""

    kiosk: KioskSession


def at_kiosk(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A paired kiosk, in the patient's language, with the answers loaded before and stored after."""

    @paired("kiosk")
    @wraps(view)
    def wrapped(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        request.kiosk = KioskSession(request)
        with translation.override(request.kiosk.answers.get("language", "en")):
            response = view(request, *args, **kwargs)
        request.kiosk.save(response)
        return response

    return wrapped


@require_http_methods(["GET", "POST"])
@at_kiosk
def start(request: KioskRequest) -> HttpResponse:
    """The first page: language. Opening it begins afresh."""
    clinic, now = request.device.clinic, timezone.now()
    if not clinic.is_open(now):
        request.kiosk.wipe()
        return _page(request, "kiosk/closed.html", {"opens": clinic.opens_at(now)})
    if request.method == "GET":
        request.kiosk.wipe()
    return _step(request, BY_NAME[FIRST])


@require_http_methods(["GET", "POST"])
@at_kiosk
def question(request: KioskRequest, name: str) -> HttpResponse:
    """Any later question; without the answers before it, back to the first one open."""
    if request.kiosk.visit_id:
        return redirect("kiosk:ticket")
    missing = _first_unanswered(request.kiosk)
    if name not in BY_NAME or _place(name) > _place(missing):
        return redirect(_address(missing))
    return _step(request, BY_NAME[name])


@require_http_methods(["GET", "POST"])
@at_kiosk
def check(request: KioskRequest) -> HttpResponse:
    """All answers, each with "Change"; the main button makes the visit, once however often it is pressed."""
    if request.kiosk.visit_id:
        return redirect("kiosk:ticket")
    missing = _first_unanswered(request.kiosk)
    if missing != "check":
        return redirect(_address(missing))
    if request.method == "POST":
        return _finish(request)
    context = {"step": "check", "number": len(STEPS) + 1, "of": len(STEPS) + 1, "back": _address(STEPS[-1].name)}
    return _page(request, "kiosk/check.html", {**context, "answers": _summary(request.kiosk.answers)})


@require_GET
@at_kiosk
def ticket(request: KioskRequest) -> HttpResponse:
    """The ticket in huge type, until "Done" or 20 seconds."""
    known, visits = request.kiosk.visit_id, Visit.objects.of(request.device.clinic)
    visit = visits.filter(public_id=known).first() if known else None
    if visit is None:
        return redirect("kiosk:start")
    context = {"ticket": visit.ticket, "ahead": presenters.people_ahead(visit)}
    return _page(request, "kiosk/ticket.html", context)


@require_http_methods(["GET", "POST"])
@at_kiosk
def wipe(request: KioskRequest) -> HttpResponse:
    """Forgets everything. A GET, from a browser's history, leads to the start, which does the same."""
    request.kiosk.wipe()
    return redirect("kiosk:start")


@require_http_methods(["GET", "POST"])
@at_kiosk
def need_help(request: KioskRequest) -> HttpResponse:
    """The alarm at the desk. A GET, from a browser's history, raises none."""
    if request.method == "GET":
        return redirect("kiosk:start")
    services.ask_for_help(request.device.clinic, request.device)
    return redirect("kiosk:help_coming")


@require_GET
@at_kiosk
def help_coming(request: KioskRequest) -> HttpResponse:
    return _page(request, "kiosk/help.html", {})


def _page(request: KioskRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of the kiosk. `spoken`: the patient's language, or every language until they have chosen one."""
    chosen = request.kiosk.answers.get("language")
    spoken = [chosen] if chosen else [code for code, _name in settings.LANGUAGES]
    shared = {"clinic": request.device.clinic, "spoken": spoken, "languages": language_choices()}
    return render(request, template, {**shared, **context}, status=status)


def _step(request: KioskRequest, step: Step) -> HttpResponse:
    kiosk = request.kiosk
    initial = {"language": "en", "arrival": "walk_in", "reason": Reason.PRIVATE, **kiosk.answers}
    form = step.form(request.POST) if request.method == "POST" else step.form(initial=initial)
    if request.method == "POST" and form.is_valid():
        kiosk.add(form.cleaned_data)
        return redirect(_address(_onward(request, step)))
    place = _place(step.name)
    context = {
        "form": form,
        "step": step.name,
        "question": step.question,
        "number": place + 1,
        "of": len(STEPS) + 1,
    }
    context["back"] = _address("check" if "change" in request.GET else STEPS[place - 1].name) if place else ""
    return _page(request, step.template, context, status=422 if form.errors else 200)


def _onward(request: KioskRequest, step: Step) -> str:
    """The page after this; after a change, what is still open; after a switch of language, where that was."""
    at = request.GET.get("at", "")
    if at in BY_NAME or at == "check":
        return at
    return _first_unanswered(request.kiosk) if "change" in request.GET else _after(step.name)


def _finish(request: KioskRequest) -> HttpResponse:
    kiosk, device = request.kiosk, request.device
    said = {**kiosk.answers, "birth_date": date.fromisoformat(kiosk.answers["birth_date"])}
    try:
        visit = services.check_in(device.clinic, answers_from(said), by=Actor(device=device), key=kiosk.key)
    except services.Refused as no:
        return _page(request, "kiosk/refused.html", {"why": str(no)}, status=409)
    kiosk.visit_id = str(visit.public_id)
    return redirect("kiosk:ticket")


def _first_unanswered(kiosk: KioskSession) -> str:
    for step in STEPS:
        if not set(step.form.base_fields) <= set(kiosk.answers):
            return step.name
    return "check"


def _after(name: str) -> str:
    return STEPS[_place(name) + 1].name if name != STEPS[-1].name else "check"


def _place(name: str) -> int:
    return next((n for n, step in enumerate(STEPS) if step.name == name), len(STEPS))


def _address(name: str) -> str:
    if name in (FIRST, "check"):
        return reverse("kiosk:start" if name == FIRST else "kiosk:check")
    return reverse("kiosk:question", args=[name])


def _summary(said: dict[str, Any]) -> list[dict[str, Any]]:
    born = date.fromisoformat(said["birth_date"])
    arrival = dict(ArrivalForm.base_fields["arrival"].choices)  # type: ignore[attr-defined]
    rows = [
        ("arrival", _("Appointment"), arrival[said["arrival"]]),
        ("name", _("Name"), f"{said['given_name']} {said['family_name']}".strip()),
        ("birth", _("Born"), date_format(born, gettext("F j, Y"))),
        ("phone", _("Mobile phone"), written_phone(said["phone"]) or _("None given")),
        ("reason", _("Reason"), Reason(said["reason"]).label),
    ]
    return [
        {"change": f"{_address(name)}?change=1", "label": label, "value": value} for name, label, value in rows
    ]
