"""A process of the crowd: `python -m tests.models.one_process`. Its plan comes in a line, and then the word to go.

Writes a line when it is ready, and one with its log, both JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django
from django.conf import settings

import tests.environment as environment


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    settings.DATABASES["default"]["NAME"] = plan["database"]
    django.setup()
    from tests.models.crowd import Someone

    someone = Someone(plan)
    say("ready")
    sys.stdin.readline()
    say(someone.live())


def say(what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    assert environment.HOME
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    main()
