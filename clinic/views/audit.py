"""The audit, for a clinic's auditors and managers: who did what, when, from where. Nothing of a patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, tzinfo
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from clinic import access, audit, staff_language
from clinic.models import AuditChain, AuditEvent
from clinic.presenters import audit_rows, audit_words
from clinic.presenters.audit_rows import Filters
from clinic.services import second_step

SYSTEM = "system"
LARGEST = 2**62


class AuditRequest(HttpRequest):
    """A request of somebody who may read `chain`; `named` is how addresses call it, `others` are further ones.

    `readable`: its rows, of the system's for whoever is no superuser those that concern every clinic.
    """

    user: User
    chain: int
    readable: QuerySet[AuditEvent]
    named: str
    title: str
    zone: tzinfo
    others: list[tuple[str, str]]


class FilterForm(forms.Form):
    """What to show. Nothing is required; what makes no sense is said beside its field."""

    since = forms.DateField(label=_("From day"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("To day"), required=False, widget=forms.DateInput({"type": "date"}))
    who = forms.CharField(label=_("Person"), required=False, max_length=150)
    what = forms.ChoiceField(label=_("What was done"), required=False)
    device = forms.TypedChoiceField(label=_("Device"), required=False, coerce=int, empty_value=None)
    of = forms.CharField(label=_("Id of the visit or other thing"), required=False, max_length=40)

    def __init__(self, chain: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = [("", _("All")), *audit_words.GROUPS.items()]  # type: ignore[attr-defined]
        self.fields["device"].choices = [("", _("All")), *audit_rows.devices(chain)]  # type: ignore[attr-defined]

    def filters(self, zone: tzinfo) -> Filters:
        """Of what could be read."""
        return Filters(zone=zone, **self.cleaned_data)

    def clean_until(self) -> date | None:
        return _day(self.cleaned_data["until"])

    def clean_since(self) -> date | None:
        return _day(self.cleaned_data["since"])


def auditors_only(view: Callable[[AuditRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lets those in who may read a chain, which `?chain=` names, else their first one; 404 for others."""

    @never_cache
    @login_required
    @staff_language.spoken
    @wraps(view)
    def wrapped(request: Any) -> HttpResponse:
        clinics = {one.slug: one for one in access.audited_clinics(request.user)}
        names = {slug: one.name for slug, one in clinics.items()}
        if names or request.user.is_superuser:
            names[SYSTEM] = str(_("System"))
        request.named = request.GET.get("chain") or next(iter(names), "")
        if request.named not in names:
            raise Http404
        clinic = clinics.get(request.named)
        request.chain, request.zone = (clinic.pk, clinic.zone) if clinic else (audit.SYSTEM, UTC)
        request.readable = access.audited_rows(request.user, request.chain)
        request.title, request.others = names[request.named], list(names.items()) if len(names) > 1 else []
        with timezone.override(request.zone):
            return view(request)

    return wrapped


@require_GET
@auditors_only
def events(request: AuditRequest) -> HttpResponse:
    """A page of them. `before`: the number before which it begins."""
    form = FilterForm(request.chain, request.GET)
    is_valid = form.is_valid()
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and int(before[:19]) < LARGEST else None
    return _list(request, form, number, status=200 if is_valid else 422)


@require_GET
@auditors_only
def export(request: AuditRequest) -> HttpResponse:
    """The same as a file of CSV, told to the audit itself. Refused where it would be too large."""
    form = FilterForm(request.chain, request.GET)
    if not form.is_valid():
        return _list(request, form, None, status=422)
    found = audit_rows.rows(request.readable, form.filters(request.zone))
    count = found[: audit_rows.MOST_EXPORTED + 1].count()
    if count > audit_rows.MOST_EXPORTED:
        form.add_error(None, _("That is more than one file takes. Please choose fewer days."))
        return _list(request, form, None, status=422)
    answer = HttpResponse("".join(audit_rows.as_csv(found)), content_type="text/csv; charset=utf-8")
    _tell_of_export(request, count)
    answer["Content-Disposition"] = f'attachment; filename="audit-{request.named}.csv"'
    return answer


def _tell_of_export(request: AuditRequest, count: int) -> None:
    """Of the system's, also where whoever watches over this person reads it."""
    chains, detail = {request.chain}, dict[str, audit.Plain](count=count)
    if request.chain == audit.SYSTEM:
        chains |= set(second_step.chains_of(request.user))
        detail["kind"] = SYSTEM
    audit.write(chains, "audit.export", by=audit.staff(request.user), detail=detail)


def _list(request: AuditRequest, form: FilterForm, before: int | None, status: int) -> HttpResponse:
    is_usable = not form.errors
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "page": audit_rows.page(request.readable, form.filters(request.zone), before) if is_usable else None,
        "end": AuditChain.objects.filter(pk=request.chain).first(),
        "query": query.urlencode(),
        "is_filtered": any(form.data.get(name) for name in form.fields),
        "is_first": before is None,
        "is_part": request.chain == audit.SYSTEM and not request.user.is_superuser,
        "minds_desk": access.has_desk(request.user),
    }
    return render(request, "audit/list.html", context, status=status)


def _day(day: date | None) -> date | None:
    """The first and the last days of the calendar have no midnight in every zone."""
    if day is not None and not 1970 <= day.year <= 9000:
        raise forms.ValidationError(_("Please check the year."))
    return day
