from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = "Realtime"

    def ready(self) -> None:
        post_migrate.connect(_make_the_switch, sender=self)


def _make_the_switch(sender: AppConfig, using: str, **_: Any) -> None:
    """The switch is one row that always exists: after a flush too."""
    switch: Any = sender.get_model("Switch")
    switch.objects.using(using).get_or_create(pk=1)
