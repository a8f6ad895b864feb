"""Logging in: a name and a password; then, for whoever sees more than one desk, a code from their own phone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django import forms
from django.contrib import admin
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from clinic import access, half_log_in, known_browsers, log_in_limits, log_in_names, staff_language
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
    typed = request.POST.get("username", "")
    if request.method == "POST" and log_in_limits.is_spent(request, typed):
        return locked(request)
    form = AuthenticationForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _after_password(request, form.get_user(), wanted)
    if request.method == "POST":
        refuse(request, form.cleaned_data.get("username", ""))
    context = {"form": form, "next": wanted, "has_ended": ENDED in request.GET}
    return render(request, "registration/login.html", context)


def refuse(request: HttpRequest, name: str) -> None:
    """Counts it; django-axes has done so already. `name`: as a form reads it, empty where it does not."""
    log_in_limits.count_failure(request, name)
    is_locked = getattr(request, "axes_locked_out", False)
    sessions.refused(User.objects.filter(username=name).first(), "locked" if is_locked else "password")


def locked(request: HttpRequest, *answered: object) -> HttpResponse:
    """The same for names that somebody has and names that nobody has. Also what django-axes answers with."""
    with translation.override(staff_language.of(request)):
        return render(request, "registration/locked.html", status=HTTPStatus.TOO_MANY_REQUESTS)


def _after_password(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    if second_step.has(user) or second_step.is_needed(user):
        half_log_in.begin(request, user)
        half_log_in.lead_on(request, wanted)
        return redirect("log_in_code")
    return _let_in(request, user, onward(request, user, wanted))


def _let_in(request: HttpRequest, user: User, where: str, second: str = "") -> HttpResponse:
    """`second`: as `second_step` gives it."""
    sessions.log_in(request, user, second)
    response = HttpResponseRedirect(where)
    known_browsers.remember(request, response, log_in_names.plain(user.get_username()))
    return response


@page
def code(request: HttpRequest) -> HttpResponse:
    """The code from the phone, or from paper."""
    user = half_log_in.user_of(request)
    if user is None:
        return redirect("login")
    if not second_step.has(user):
        return redirect("log_in_set_up")
    form, is_lost = CodeForm(request.POST or None), second_step.is_lost(user)
    if request.method == "POST" and form.is_valid():
        wanted = half_log_in.wanted(request)
        if done := second_step.verify(user, form.cleaned_data["code"]):
            return _let_in(request, user, onward(request, user, wanted), done)
        sessions.refused(user, "unreadable" if is_lost else "code")
    context = {"form": form, "is_wrong": form.is_bound, "is_lost": is_lost, "name": user.get_username()}
    return render(request, "registration/code.html", context)


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


def own_password(request: HttpRequest) -> HttpResponse:
    """The admin's page for one's own password: changed and told together, or not at all."""
    with transaction.atomic():
        response = admin.site.password_change(request)
        if (
            request.method == "POST"
            and response.status_code == HTTPStatus.FOUND
            and isinstance(request.user, User)
        ):
            sessions.own_password_changed(request.user)
        return response


def home(request: HttpRequest) -> HttpResponse:
    """Each to where their work is."""
    user = request.user
    return redirect(access.landing(user) if isinstance(user, User) else "desk:desk")


def onward(request: HttpRequest, user: User, wanted: str) -> str:
    """Where they wanted to go, if that is a page of ours; else where their work is."""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted.startswith("/") and is_ours else access.landing(user)
