"""One Channels consumer a socket on the same layer, as Channels' documentation has it; no rights are asked for."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.handlers.asgi import ASGIHandler
from django.urls import re_path

from tests.bench.changes import GROUP


class Bell(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Sends on whatever the group hears."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def bell(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


application = ProtocolTypeRouter(
    {"http": ASGIHandler(), "websocket": URLRouter([re_path(r"^ws/\w+/$", Bell.as_asgi())])}
)
