"""What a web process serves: the composition root that joins Django's pages and the realtime side."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  (Django must be set up before models are imported)
from django.db.backends.signals import connection_created  # noqa: E402

from clinic import statement_limit  # noqa: E402
from clinic.handler import Handler  # noqa: E402
from clinic.secure_headers import SecureHeaders  # noqa: E402
from realtime.hub import Hub  # noqa: E402
from realtime.routing import application as realtime_application  # noqa: E402

connection_created.connect(statement_limit.put)
application = realtime_application(Hub(), SecureHeaders(Handler(), settings.HEADERS_EVERYWHERE))
