"""What each answer but the floor's says to a browser, whoever made it: Django, the static files, an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SecureHeaders:
    """An ASGI application around another one: adds `headers` to each answer, where it has none of that name."""

    def __init__(self, application: Any, headers: Mapping[str, str]) -> None:
        self.application = application
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return

        async def telling(message: Any) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", []))
                names = {name.lower() for name, _value in said}
                message = {**message, "headers": said + [one for one in self.headers if one[0] not in names]}
            await send(message)

        await self.application(scope, receive, telling)
