"""The kiosk: one question a page, each a full load; it forgets everything when done, idle or wiped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial, wraps
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from clinic import clock, languages, parties, presenters, services
from clinic.ages import is_child
from clinic.forms import ArrivalForm, answers_from, written_phone
from clinic.kiosk_session import WHO, KioskSession
from clinic.models import Clinic
from clinic.models.visits import Reason
from clinic.services import LARGEST_PARTY, Actor, Answers
from clinic.views import kiosk_tools
from clinic.views.devices import DeviceRequest, paired
from clinic.views.kiosk_steps import (
    BY_NAME,
    CHECK,
    FIRST,
    Step,
    address,
    after,
    before,
    first_unanswered,
    next_open,
    place,
    steps_of,
)


class KioskRequest(DeviceRequest):
    """A kiosk's request, with what the patient has said so far."""

    kiosk: KioskSession


def at_kiosk(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A paired kiosk, in the patient's language and the clinic's time, with the answers loaded and stored."""

    @paired("kiosk")
    @wraps(view)
    def wrapped(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        request.kiosk = KioskSession(request)
        language = request.kiosk.answers.get("language", languages.offered(request.device)[0][0])
        with translation.override(language), timezone.override(request.device.clinic.zone):
            response = view(request, *args, **kwargs)
        request.kiosk.save(response)
        return response

    return wrapped


@require_http_methods(["GET", "POST"])
@at_kiosk
def start(request: KioskRequest) -> HttpResponse:
    """The first page, language. Opening it here begins afresh."""
    if request.method == "GET":
        request.kiosk.wipe()
    return _first(request)


def _first(request: KioskRequest) -> HttpResponse:
    """The first page, whatever is held. Who began before the doors closed may go on."""
    clinic, now = request.device.clinic, clock.now()
    if not (clinic.is_open(now) or request.kiosk.answers):
        return page(request, "kiosk/closed.html", _opening(clinic, now))
    return _step(request, BY_NAME[FIRST])


def _opening(clinic: Clinic, now: datetime) -> dict[str, Any]:
    """When the doors open again, and in how many days of the calendar."""
    opens = clinic.opens_at(now)
    days = (clinic.wall_date(opens) - clinic.wall_date(now)).days if opens else None
    return {"opens": opens, "days": days}


@require_http_methods(["GET", "POST"])
@at_kiosk
def question(request: KioskRequest, name: str) -> HttpResponse:
    """Any question, with what is answered; without the answers before it, back to the first one open."""
    if request.kiosk.visit_ids:
        return redirect("kiosk:ticket")
    if name not in BY_NAME or place(name) > place(first_unanswered(request.kiosk)):
        return redirect(next_open(request.kiosk))
    return _first(request) if name == FIRST else _step(request, BY_NAME[name])


@require_http_methods(["GET", "POST"])
@at_kiosk
def check(request: KioskRequest) -> HttpResponse:
    """All answers, each with "Change"; the main button makes the visits, once however often it is pressed."""
    kiosk = request.kiosk
    if kiosk.visit_ids:
        return redirect("kiosk:ticket")
    if first_unanswered(kiosk) != CHECK:
        return redirect(next_open(kiosk))
    if request.method == "POST":
        return _finish(request)
    context: dict[str, Any] = {"answers": _summary(request), "others": [_person(one) for one in kiosk.others]}
    context |= {"may_add": len(kiosk.people()) < LARGEST_PARTY, "largest": LARGEST_PARTY}
    return page(request, "kiosk/check.html", {**_progress(kiosk, CHECK), **context})


def page(request: KioskRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page of the kiosk. `spoken`: the patient's language, or every language until they have chosen one."""
    chosen, device = request.kiosk.answers.get("language"), request.device
    offers = languages.offered(device)
    shared = {
        "clinic": device.clinic,
        "spoken": [chosen] if chosen else [code for code, _name in offers],
        "languages": offers,
        "tools": kiosk_tools.TOOLS,
        "is_in_use": request.kiosk.is_in_use,
        "look": kiosk_tools.look(request.kiosk.display),
        "volume": device.volume,
        # Asked for by the first page alone.
        "edition": partial(presenters.edition, device),
        "px_per_mm": f"{device.px_per_mm:.3f}" if device.px_per_mm else "",
        "at": context.get("step") or template.removeprefix("kiosk/").removesuffix(".html"),
    }
    return render(request, template, {**shared, **context})


def _step(request: KioskRequest, step: Step) -> HttpResponse:
    kiosk = request.kiosk
    if request.method == "POST":
        return _take(request, step)
    form = _form(request, step)
    context = {**_progress(kiosk, step.name), "form": form, "for_child": _has_child(request)}
    context["question"] = step.of_another if kiosk.others and step.of_another else step.question
    if "change" in request.GET:
        context["back"] = address(CHECK)
    return page(request, step.template, context)


def _take(request: KioskRequest, step: Step) -> HttpResponse:
    """On to the next page if all is right. Each page is a GET's: a browser's history holds no answers to send."""
    form = _sent(request, step, request.POST)
    if form.errors:
        return shown_again(request, step, was_wrong=True)
    request.kiosk.add(form.cleaned_data)
    return redirect(address(_onward(request, step)))


def shown_again(request: KioskRequest, step: Step, *, was_wrong: bool) -> HttpResponse:
    """To the page that this was sent from, where all that was typed stands again."""
    request.kiosk.jot(step.name, step.typed(request.POST), was_wrong=was_wrong)
    return redirect(f"{address(step.name)}{'?change=1' if 'change' in request.GET else ''}")


def _form(request: KioskRequest, step: Step) -> forms.Form:
    """The page's form: as it was sent and was wrong, as it stood before a tool was used, or as answered."""
    draft = request.kiosk.take_draft(step.name)
    if draft.get("was_wrong"):
        return _sent(request, step, draft["typed"])
    return _offering(request, step.form(initial={**_initial(request), **draft.get("typed", {})}))


def _sent(request: KioskRequest, step: Step, typed: Mapping[str, str]) -> forms.Form:
    """The page's form with these answers, which says what is wrong with them."""
    form = _offering(request, step.form(typed))
    if form.is_valid():
        _must_be_new(request.kiosk, form)
    return form


def _offering(request: KioskRequest, form: forms.Form) -> forms.Form:
    if "language" in form.fields:
        form.fields["language"].choices = languages.offered(request.device)  # type: ignore[attr-defined]
    return form


def _must_be_new(kiosk: KioskSession, form: forms.Form) -> None:
    """Says so in the form if this page's answers make somebody who is on the list already."""
    field = next((name for name in ("given_name", "birth_day") if name in form.fields), None)
    if field and kiosk.has_listed(form.cleaned_data):
        form.add_error(field, _("This person is on your list already. Twins? Write the first name of each."))


def _initial(request: KioskRequest) -> dict[str, Any]:
    """What stands in the fields: the answers given, first choices, and the family's name for one more of them."""
    kiosk, language = request.kiosk, languages.offered(request.device)[0][0]
    family = {"family_name": kiosk.others[-1]["family_name"]} if kiosk.others else {}
    return {"language": language, "arrival": "walk_in", "reason": Reason.PRIVATE, **family, **kiosk.answers}


def _progress(kiosk: KioskSession, name: str) -> dict[str, Any]:
    """Where a page stands among those of whoever is asked now."""
    steps = [step.name for step in steps_of(kiosk)] + [CHECK]
    number = steps.index(name) + 1 if name in steps else 0
    earlier = before(kiosk, name)
    person = len(kiosk.others) + 1 if kiosk.others and name != CHECK else 0
    return {
        "who": kiosk.who,
        "step": name,
        "number": number,
        "of": len(steps),
        "person": person,
        "back": address(earlier) if earlier else "",
    }


def _onward(request: KioskRequest, step: Step) -> str:
    """The page after this; after a change, what is still open."""
    return first_unanswered(request.kiosk) if "change" in request.GET else after(request.kiosk, step.name)


def _finish(request: KioskRequest) -> HttpResponse:
    kiosk, device = request.kiosk, request.device
    actor = Actor(device=device)
    try:
        # In no language: who reads the page that says why may choose another one there.
        with translation.override(None):
            visits = services.check_in_together(device.clinic, people(request), by=actor, key=kiosk.key)
    except services.Refused as no:
        kiosk.refusal = str(no)
        return redirect("kiosk:refused")
    kiosk.visit_ids = [str(visit.public_id) for visit in visits]
    return redirect("kiosk:ticket")


def people(request: KioskRequest) -> list[Answers]:
    """What each of them said, the one who is asked now last."""
    said = ({**one, "birth_date": date.fromisoformat(one["birth_date"])} for one in request.kiosk.people())
    return parties.answered_for([answers_from(one) for one in said], timezone.localdate())


def _has_child(request: KioskRequest) -> bool:
    """Whether one of them, as far as they have answered, is a child."""
    births = [one["birth_date"] for one in request.kiosk.people() if "birth_date" in one]
    return any(is_child(date.fromisoformat(born), timezone.localdate()) for born in births)


def _person(said: dict[str, Any]) -> dict[str, Any]:
    """One of those who came together, as the check page sums them up."""
    born = date_format(date.fromisoformat(said["birth_date"]), gettext("F j, Y"))
    return {"who": said.get(WHO, ""), "name": name_of(said), "born": born, "reason": Reason(said["reason"]).label}


def name_of(said: dict[str, Any]) -> str:
    """One of those who came together, as they wrote it."""
    return f"{said['given_name']} {said['family_name']}".strip()


def _summary(request: KioskRequest) -> list[dict[str, Any]]:
    said = request.kiosk.answers
    person = _person(said)
    arrival = dict(ArrivalForm.base_fields["arrival"].choices)  # type: ignore[attr-defined]
    rows = [
        ("arrival", _("Appointment"), arrival[said["arrival"]]),
        ("name", _("Name"), person["name"]),
        ("birth", _("Born"), person["born"]),
        ("phone", _("Mobile phone"), written_phone(said["phone"]) or _("None given")),
        ("reason", _("Reason"), person["reason"]),
    ]
    if said["needs_help"]:
        rows.append(("reason", _("Help here"), _("Yes")))
    if is_child(date.fromisoformat(said["birth_date"]), timezone.localdate()):
        rows.insert(4, ("phone", _("Adult with this child"), people(request)[-1].answered_by or _("None given")))
    return [
        {"step": name, "change": f"{address(name)}?change=1", "label": label, "value": value}
        for name, label, value in rows
    ]
