"""The toggle that stops every connection to the vendor, with its history; and the job queues, for operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

import redis
from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminRadioSelect
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch
from django.utils.cache import add_never_cache_headers
from django_rq.admin import QueueAdmin
from django_rq.models import Dashboard
from django_rq.queues import get_queue_by_index
from rq.exceptions import InvalidJobOperation, InvalidJobOperationError, NoSuchJobError

from realtime import redis_link, switch, told
from realtime.models import Desired, Switch, SwitchEvent
from realtime.switch import SwitchRefused

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    SwitchModelForm = forms.ModelForm[Switch]
else:
    ModelAdmin = admin.ModelAdmin
    SwitchModelForm = forms.ModelForm

OPERATOR = "realtime.change_switch"
LENGTH_WORDS = {"30m": "30 minutes", "1h": "1 hour", "4h": "4 hours", "ever": "Until someone turns it on"}
EVENTS_SHOWN = 20
# The page that asks whether it is meant, which changes nothing; and the one that does it to several jobs.
ASKS, MANY = "django_rq_confirm_action", "django_rq_actions"
# What django-rq's pages raise for a job queue, job, worker, scheduler, action or token that there is not.
NOT_THERE = (
    IndexError,
    ValueError,
    TypeError,
    NoReverseMatch,
    ImproperlyConfigured,
    NoSuchJobError,
    InvalidJobOperation,
    InvalidJobOperationError,
)


class SwitchForm(SwitchModelForm):
    """What an operator wants. `seen` is the row's version when the page was made; `refusal` why a save failed."""

    refusal = ""
    desired = forms.ChoiceField(
        label="The vendor", choices=Desired.choices, widget=AdminRadioSelect(attrs={"class": "radiolist"})
    )
    reason = forms.CharField(
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="In a few words: the next person on call will read it.",
        error_messages={"required": "Say why, in a few words: the next person on call will read it."},
    )
    length = forms.ChoiceField(
        label="If off, for",
        choices=list(LENGTH_WORDS.items()),
        initial="4h",
        help_text="Then it goes back to on by itself.",
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Switch
        fields = ["desired", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(reason="", seen=self.instance.version)
        if not self.instance.is_off():
            self.initial["desired"] = Desired.AUTO

    def clean(self) -> dict[str, Any] | None:
        if self.refusal:
            raise ValidationError(self.refusal)
        return super().clean()


@admin.register(Switch)
class SwitchAdmin(ModelAdmin):
    """One page for the one row; whatever is saved goes through `switch.flip`."""

    form = SwitchForm
    readonly_fields = ["in_force"]
    fieldsets = [(None, {"fields": ["in_force", "desired", "reason", "length", "seen"]})]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    @admin.display(description="Now")
    def in_force(self, row: Switch) -> str:
        """One sentence."""
        refusal = switch.refusal(row)
        if not refusal:
            return "On: the vendor is used while it is well."
        until = f" Until {row.expires_at:%Y-%m-%d %H:%M} UTC." if row.is_off() and row.expires_at else ""
        return f"No connection to the vendor: {refusal}.{until}"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one row: straight to it."""
        return redirect("admin:realtime_switch_change", 1)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """A refused flip is rolled back, and shown on the form together with what was written."""
        context = {
            **(extra_context or {}),
            "events": SwitchEvent.objects.all()[:EVENTS_SHOWN],
            "title": "Vendor switch",
        }
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except SwitchRefused as no:
            request.switch_refusal = str(no)  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "switch_refusal", "")  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        """Raises SwitchRefused."""
        said = form.cleaned_data
        switch.flip(
            said["desired"],
            by=request.user.get_username(),
            user=request.user.pk,
            reason=said["reason"],
            length=switch.LENGTHS[said["length"]],
            expected=said["seen"],
        )


@admin.register(SwitchEvent)
class SwitchEventAdmin(ModelAdmin):
    """Who flipped it, when and why: to read only."""

    list_display = ["at", "desired", "actor", "reason", "expires_at"]
    list_filter = ["desired", "at", "actor"]
    search_fields = ["reason", "actor"]
    list_per_page = 40

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(OPERATOR)


def _tell(request: HttpRequest, where: Mapping[str, Any]) -> None:
    """Not in a transaction: Redis takes nothing back, and may take long. Raises one of NOT_THERE."""
    route = request.resolver_match.url_name or "" if request.resolver_match else ""
    if route != ASKS:
        queue = get_queue_by_index(where["queue_index"]).name if "queue_index" in where else ""
        what = request.POST.get("action", "") if route == MANY else route.removeprefix("django_rq_")
        change = told.JobQueueChange(queue, what[:40])
        told.tell("jobs.change", by=request.user.get_username(), user=request.user.pk, change=change)


def for_operators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keeps staff out who may not flip the switch; who has not logged in is asked to by the view itself.

    What is NOT_THERE is not found. Whatever they ask to be changed is told to the audit first. Redis is asked
    whether it answers before all else: some of django-rq's clients have no time-outs, some of its pages go on to
    the next job after each that failed, and what cannot be begun is not told of.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not request.user.has_perm(OPERATOR):
            raise PermissionDenied
        try:
            if request.user.is_authenticated:
                redis_link.client().ping()
            if request.method == "POST" and admin.site.has_permission(request):
                _tell(request, kwargs)
            return view(request, *args, **kwargs)
        except NOT_THERE as error:
            raise Http404 from error
        except redis.RedisError as error:
            return _redis_away(request, error)

    return wrapped


def _redis_away(request: HttpRequest, error: redis.RedisError) -> HttpResponse:
    """503, to a program as JSON: what is wrong, what patients notice, what to do."""
    how = "takes no writes" if isinstance(error, redis.ResponseError) else "does not answer"
    said = {"title": f"Redis {how}", "error": type(error).__name__, "runbook": "docs/ops/redis.md"}
    answer: HttpResponse
    if "stats.json" in request.path:
        answer = JsonResponse(said, status=503)
    else:
        context = {**admin.site.each_context(request), **said}
        answer = render(request, "admin/realtime/redis_away.html", context, status=503)
    add_never_cache_headers(answer)
    return answer


class JobQueuesAdmin(QueueAdmin):  # type: ignore[misc]
    """django-rq's pages. By themselves they let every member of staff empty every queue."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(OPERATOR)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(OPERATOR)

    def get_urls(self) -> Any:
        # Its model has no table: there is nothing to add, and no object to look at.
        patterns = [
            one for one in super().get_urls() if not str(one.pattern).startswith(("<path:object_id>", "add/"))
        ]
        for pattern in patterns:
            pattern.callback = for_operators(pattern.callback)
        return patterns


admin.site.unregister(Dashboard)
admin.site.register(Dashboard, JobQueuesAdmin)
