"""The rival: one Channels consumer a socket, on the same layer, as Channels' documentation has it."""

from __future__ import annotations

import json
from typing import Any

import django

django.setup(set_prefix=False)

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402  (Django must be set up first)
from channels.routing import URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from realtime.transports.channels import GROUP  # noqa: E402


class Bell(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Says the version that the group hears of. Nobody's rights are asked for."""

    groups = [GROUP]

    async def notices(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps({"version": message["notices"][0][1], "vendor": False}))


application = URLRouter([re_path(r"^ws/\w+/$", Bell.as_asgi())])
