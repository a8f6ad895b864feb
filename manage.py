#!/usr/bin/env python
"""Runs Evenkeel's commands: `python manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import Error as AnyDatabaseError

UNDEFINED_TABLE = "42P01"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    if sys.argv[1:2] == ["demo"]:
        os.environ["EVENKEEL_DEMO"] = "yes"
    try:
        execute_from_command_line(sys.argv)
    except AnyDatabaseError as error:
        if not lacks_table(error):
            raise
        said = str(error).partition("\n")[0]
        sys.exit(
            f"The database is not that of an Evenkeel of this version: {said}. Run migrate first; "
            'or these are not the settings that it runs with (docs/deploy/small.md, "Commands").'
        )


def lacks_table(error: AnyDatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", "") == UNDEFINED_TABLE or str(error).startswith("no such table")


if __name__ == "__main__":
    main()
