"""What a web process serves: the composition root that joins Django's pages and the realtime side."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
django_app = get_asgi_application()

from realtime.hub import Hub  # noqa: E402  (Django must be set up before models are imported)
from realtime.routing import application as realtime_application  # noqa: E402

application = realtime_application(Hub(), django_app)
