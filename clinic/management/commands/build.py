from __future__ import annotations

from typing import Any

from babel.messages import mofile, pofile
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from clinic import bundles, fonts


class Command(BaseCommand):
    help = (
        "Makes what is not kept in the repository: fonts, message catalogs, bundled and compressed static files."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        assets = settings.HOME / "assets"
        fonts.make(assets / "fonts")
        bundles.make(settings.BASE / "static", assets / "bundles")
        for path in settings.LOCALE_PATHS:
            for source in sorted(path.glob("*/LC_MESSAGES/*.po")):
                compile_catalog(source)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.stderr.write("built: fonts, message catalogs, static files")


def compile_catalog(source: Any) -> None:
    """Writes the .mo beside a .po."""
    with source.open("rb") as text:
        catalog = pofile.read_po(text)
    with source.with_suffix(".mo").open("wb") as binary:
        mofile.write_mo(binary, catalog)
