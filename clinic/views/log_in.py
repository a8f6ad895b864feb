"""Logging in: a name and a password; then, for whoever sees more than one desk, a code from their own phone."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from clinic import access, half_log_in, limits, qr, staff_language
from clinic.services import second_step, sessions
from clinic.session_middleware import ENDED
from clinic.staff_language import spoken


class CodeForm(forms.Form):
    """A code of six digits, or one from paper."""

    code = forms.CharField(max_length=40)


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the log-in: in the staff's language, kept nowhere, its fields in no report of an error."""

    @sensitive_post_parameters()
    @never_cache
    @require_http_methods(["GET", "POST"])
    @spoken
    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        return view(request)

    return wrapped


@page
def log_in(request: HttpRequest) -> HttpResponse:
    """The password; whoever has given it goes on to the second step, or in."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if request.method == "GET" and half_log_in.user_of(request):
        half_log_in.lead_on(request, wanted)
        return redirect("log_in_code")
    address = request.META.get("REMOTE_ADDR", "")
    if request.method == "POST" and limits.is_spent(limits.LOG_IN, address):
        return locked(request)
    form = AuthenticationForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _after_password(request, form.get_user(), wanted)
    if request.method == "POST":
        _refuse(request)
    context = {"form": form, "next": wanted, "has_ended": ENDED in request.GET}
    return render(request, "registration/login.html", context)


def _refuse(request: HttpRequest) -> None:
    """Counts it against the address; django-axes has counted it against name and address together."""
    limits.take(limits.LOG_IN, request.META.get("REMOTE_ADDR", ""))
    name, is_locked = request.POST.get("username", ""), getattr(request, "axes_locked_out", False)
    known = User.objects.filter(username=name).first() if len(name) <= 150 else None
    sessions.refused(known, "locked" if is_locked else "password")


def locked(request: HttpRequest, *answered: object) -> HttpResponse:
    """The same for names that somebody has and names that nobody has. Also what django-axes answers with."""
    with translation.override(staff_language.of(request)):
        return render(request, "registration/locked.html", status=HTTPStatus.TOO_MANY_REQUESTS)


def _after_password(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    if second_step.has(user) or second_step.is_needed(user):
        half_log_in.begin(request, user)
        half_log_in.lead_on(request, wanted)
        return redirect("log_in_code")
    sessions.log_in(request, user)
    return HttpResponseRedirect(_onward(request, user, wanted))


@page
def code(request: HttpRequest) -> HttpResponse:
    """The code from the phone, or from paper."""
    user = half_log_in.user_of(request)
    if user is None:
        return redirect("login")
    if not second_step.has(user):
        return redirect("log_in_set_up")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = half_log_in.wanted(request)
        if done := second_step.verify(user, form.cleaned_data["code"]):
            sessions.log_in(request, user, done)
            return HttpResponseRedirect(_onward(request, user, wanted))
        sessions.refused(user, "code")
    return render(request, "registration/code.html", {"form": form, "is_wrong": form.is_bound})


@page
def set_up(request: HttpRequest) -> HttpResponse:
    """The key for an app, and then ten codes for paper. For whoever needs it to go in, and whoever wants it."""
    half = half_log_in.user_of(request)
    if half and second_step.has(half):
        return redirect("log_in_code")
    user = half or request.user
    if not isinstance(user, User):
        return redirect("login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = half_log_in.wanted(request)
        if done := second_step.confirm(user, form.cleaned_data["code"]):
            sessions.log_in(request, user, done[0])
            context = {"codes": done[1], "onward": _onward(request, user, wanted)}
            return render(request, "registration/paper.html", context)
    return render(request, "registration/set_up.html", _offer(user, form, is_needed=half is not None))


def _offer(user: User, form: CodeForm, *, is_needed: bool) -> dict[str, object]:
    """The key as a picture, and in fours as people read it."""
    offer = second_step.offered(user)
    key = b32encode(offer.bin_key).decode()
    fours = " ".join(key[n : n + 4] for n in range(0, len(key), 4))
    has_one = second_step.has(user)
    shown = {"qr": qr.svg(offer.config_url), "key": fours, "has_one": has_one, "is_needed": is_needed}
    return {"form": form, "is_wrong": form.is_bound, **shown}


@require_POST
@never_cache
def log_out(request: HttpRequest) -> HttpResponse:
    sessions.log_out(request)
    return redirect("login")


def at_admin(request: HttpRequest) -> HttpResponse:
    """The admin has no door of its own."""
    response = redirect("login")
    response["Location"] += f"?{request.META['QUERY_STRING']}"
    return response


def home(request: HttpRequest) -> HttpResponse:
    """Each to where their work is."""
    user = request.user
    return redirect(access.landing(user) if isinstance(user, User) else "desk:desk")


def _onward(request: HttpRequest, user: User, wanted: str) -> str:
    """Where they wanted to go, if that is a page of ours; else where their work is."""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted.startswith("/") and is_ours else access.landing(user)
