from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clinic.models import Clinic, Destination
from tests.clinic.mail_server import MailServer
from tests.clinic.serving import serving
from tests.factories import make_destination


@pytest.fixture
def post() -> Iterator[MailServer]:
    with serving(MailServer()) as server:
        yield server


@pytest.fixture
def emr(harbor: Clinic, settings: Any, post: MailServer) -> Destination:
    """A destination whose clinic has a technical address, and a mail server that takes mails for it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.SENDS_MAIL = "127.0.0.1", post.port, True
    harbor.technical_email = "it@harbor.example"
    harbor.save()
    return make_destination(harbor, name="EMR North")
