from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from clinic import bundles, catalogs, fonts
from clinic.whole_files import DRAFT

UNFIT = "Patients would read English in a language that is offered. Translate this, or take its catalog out:"


class Command(BaseCommand):
    help = (
        "Makes what is not kept in the repository: fonts, message catalogs, bundled and compressed static files."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        lacking = [line for source in catalogs.sources() for line in catalogs.lacking(source)]
        if lacking:
            raise CommandError(f"{UNFIT}\n" + "\n".join(lacking))
        assets = settings.HOME / "assets"
        fonts.make(assets / "fonts")
        bundles.make(settings.BASE / "static", assets / "bundles")
        for source in catalogs.sources():
            catalogs.make(source)
        # A build that was killed left its drafts among the files that it made.
        drafts = [f"*{DRAFT}"]
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=drafts)
        self.stderr.write("built: fonts, message catalogs, static files")
