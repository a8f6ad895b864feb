"""Setting up the second step of one's log-in: by whoever has to, on the way in, and by whoever wants to, later."""

from __future__ import annotations

from base64 import b32encode

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from clinic import access, half_log_in, known_browsers, log_in_limits, log_in_names, qr
from clinic.services import second_step, sessions
from clinic.views.log_in import CodeForm, locked, onward, page, refuse


class LaterForm(CodeForm):
    """Within a log-in that anybody at this desk may have found open: a password, and a code of what there is."""

    password = forms.CharField(strip=False, max_length=4096)
    old_code = forms.CharField(max_length=40, required=False)


@page
def set_up(request: HttpRequest) -> HttpResponse:
    """The key for an app, and then ten codes for paper."""
    half = half_log_in.user_of(request)
    if half and second_step.has(half):
        return redirect("log_in_code")
    user = half or request.user
    if not isinstance(user, User):
        return redirect("login")
    if request.method == "POST" and not half and log_in_limits.is_spent(request, user.get_username()):
        return locked(request)
    form = (CodeForm if half else LaterForm)(request.POST or None)
    if request.method == "POST" and form.is_valid() and (half or _has_password(request, user, form)):
        if done := second_step.confirm(user, form.cleaned_data["code"], form.cleaned_data.get("old_code", "")):
            return _paper(request, user, *done, is_new=half is not None)
        form.add_error("code", "wrong")
    return render(request, "registration/set_up.html", _offer(user, form, is_needed=half is not None))


def _has_password(request: HttpRequest, user: User, form: forms.Form) -> bool:
    """Counted as a log-in's, so that nobody guesses here instead."""
    name = user.get_username()
    if authenticate(request, username=name, password=form.cleaned_data["password"]) == user:
        return True
    refuse(request, name)
    form.add_error("password", "wrong")
    return False


def _paper(request: HttpRequest, user: User, second: str, codes: list[str], *, is_new: bool) -> HttpResponse:
    where = onward(request, user, half_log_in.wanted(request))
    if is_new:
        sessions.log_in(request, user, second)
    else:
        sessions.go_on(request, user, second)
    response = render(request, "registration/paper.html", {"codes": codes, "onward": where})
    known_browsers.remember(request, response, log_in_names.plain(user.get_username()))
    return response


def _offer(user: User, form: forms.Form, *, is_needed: bool) -> dict[str, object]:
    """The key as a picture, and in fours as people read it. `is_another`: than on the page that was sent."""
    offer = second_step.offered(user)
    key, mark = b32encode(offer.key).decode(), str(offer.pk)
    shown = {
        "qr": qr.svg(offer.config_url),
        "key": " ".join(key[n : n + 4] for n in range(0, len(key), 4)),
        "offer": mark,
        "is_another": form.data.get("offer", mark) != mark,
    }
    who = {"has_one": second_step.has(user), "is_needed": is_needed, "back": access.landing(user)}
    lost = {"is_lost": second_step.is_lost(user), "name": user.get_username()}
    return {"form": form, **shown, **who, **lost}
