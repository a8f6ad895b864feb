"""The log-ins of staff, each a row that names its person: so that all of one person's can be ended at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class StaffSession(AbstractBaseSession):
    """A browser of staff. `expire_date`: the end of its idle or of its absolute time, whichever comes first.

    `user_id`: none before the log-in is whole. No foreign key: to write down who acts takes no lock of theirs.
    """

    user_id = models.BigIntegerField(null=True, db_index=True)

    class Meta:
        verbose_name = "staff session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore
