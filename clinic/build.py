"""Which build this process serves: a page that is of another build knows that it has to reload."""

from __future__ import annotations

import hashlib
from functools import cache

from django.conf import settings

from clinic.whole_files import DRAFT

# `manage.py build` compiles catalogs, and the time is in them: two machines would have two builds of one code.
MADE = {".mo", DRAFT}


@cache
def build_id() -> str:
    """Eight hex digits over all code, templates and static files of this process."""
    digest = hashlib.sha256()
    for folder in ("templates", "static", "clinic", "realtime"):
        for path in sorted((settings.BASE / folder).rglob("*")):
            if path.is_file() and path.suffix not in MADE and "__pycache__" not in path.parts:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
