#!/usr/bin/env python
"""Runs Evenkeel's commands: `python manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    if sys.argv[1:2] == ["demo"]:
        os.environ["EVENKEEL_DEMO"] = "yes"
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
