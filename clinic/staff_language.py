"""The language that staff are spoken with: as their browser asks, of those whose catalogs hold their words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from clinic import languages

P = ParamSpec("P")
Response = TypeVar("Response", bound=HttpResponseBase)

SPOKEN = ("en", "es")


def of(request: HttpRequest) -> str:
    """The first of them that is asked for; else English."""
    asked = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    codes = (code.partition("-")[0] for code, _weight in asked)
    return next((code for code in codes if code in SPOKEN and code in languages.known()), "en")


def spoken(
    view: Callable[Concatenate[HttpRequest, P], Response],
) -> Callable[Concatenate[HttpRequest, P], Response]:
    """For the staff's pages alone: a patient's has the language that the patient chose."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        with translation.override(of(request)):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return wrapped
