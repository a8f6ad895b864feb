from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import to_language

from clinic import catalogs


class Command(BaseCommand):
    help = "The languages: checks their catalogs, or gets them ready to be translated."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        does.add_parser("check", help="Fails, and says why, when a catalog is not fit to be offered.")
        update = does.add_parser("update", help="Adds what a catalog lacks, and takes out what is not in use.")
        update.add_argument("code", help="The language, such as fr or pt_BR; a new one is begun.")

    def handle(self, *args: Any, does: str, **options: Any) -> None:
        if does == "check":
            refuse_unfit()
        else:
            self._update(options["code"])

    def _update(self, code: str) -> None:
        if to_language(code) not in LANG_INFO:
            raise CommandError(f"{code}: Django knows no language of this name.")
        source = Path(settings.LOCALE_PATHS[0]) / code / "LC_MESSAGES" / "django.po"
        catalog = (
            catalogs.read(source)
            if source.exists()
            else Catalog(locale=code, header_comment=f"# {code}: not translated yet")
        )
        left = catalogs.brought_up_to_date(code, catalog)
        catalogs.write(source, catalog)
        self.stderr.write(f"{source}: {left} to translate", style_func=str)


def refuse_unfit() -> None:
    """Raises CommandError that names what is wrong with each catalog."""
    found = [line for source in catalogs.sources() for line in catalogs.problems(source)]
    if found:
        raise CommandError("A language is only offered when its catalog is whole.\n" + "\n".join(found))
