"""Every address, those of the demo's welcome page too."""

from __future__ import annotations

from django.urls import include, path

from clinic import urls
from clinic.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("", include((urls.demo_urls, "demo"))), *urls.urlpatterns]
