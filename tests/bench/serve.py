"""Serves another ASGI application exactly as `manage.py web` serves ours: the same server, the same flags."""

from __future__ import annotations

import sys
from typing import Any
from unittest.mock import patch

import django
import uvicorn

from clinic.management.commands.web import Command


def main(app: str, port: int) -> None:
    """`app`: "module:name" of the application."""
    django.setup(set_prefix=False)
    real = uvicorn.Config

    def config(_ours: str, **flags: Any) -> uvicorn.Config:
        return real(app, **flags)

    with patch.object(uvicorn, "Config", config):
        Command().handle(host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
