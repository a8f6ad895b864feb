from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from clinic import bundles, catalogs, fonts


class Command(BaseCommand):
    help = (
        "Makes what is not kept in the repository: fonts, message catalogs, bundled and compressed static files."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        assets = settings.HOME / "assets"
        fonts.make(assets / "fonts")
        bundles.make(settings.BASE / "static", assets / "bundles")
        for source in catalogs.sources():
            catalogs.make(source)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.stderr.write("built: fonts, message catalogs, static files")
