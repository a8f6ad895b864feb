"""Signed webhooks, after Standard Webhooks 1.0.0: the signature and its age are checked, then it is taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from clinic.emr.faults import Mode
from clinic.emr.records import Records, Refused, Taken
from realtime.standin.wire import Reply, Request

TOLERANCE_SECONDS = 300
REFUSALS = {
    Mode.ERROR: (500, []),
    Mode.REJECT: (422, []),
    Mode.BUSY: (503, [("Retry-After", "1")]),
    Mode.GONE: (410, []),
    Mode.OTHER: (302, [("Location", "/elsewhere/")]),
}


class Webhooks:
    """Takes what is signed with the secret: "whsec_" and base64."""

    def __init__(self, secret: str, records: Records) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._records = records

    def answer(self, request: Request) -> Reply:
        """200 with the key; 401 when it is not signed so, 400 when it makes no sense, 422 when it cannot be."""
        if not self._is_signed(request):
            return Reply.json(401, {"error": "bad signature"})
        try:
            self._records.take(_read(request))
        except Refused as error:
            return Reply.json(422, {"error": str(error)})
        except (ValueError, KeyError, TypeError, AttributeError):
            return Reply.json(400, {"error": "the body is no event"})
        return Reply.json(200, {"taken": request.headers["webhook-id"]})

    def refuse(self, mode: Mode) -> Reply:
        """As the mode says."""
        status, headers = REFUSALS[mode]
        return Reply.json(status, {"error": f"told to: {mode}"}, headers)

    def _is_signed(self, request: Request) -> bool:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        key, at, given = (request.headers.get(name, "") for name in names)
        if not key or not at.isdecimal() or abs(time.time() - int(at)) > TOLERANCE_SECONDS:
            return False
        signed = b".".join([key.encode(), at.encode(), request.body])
        wanted = "v1," + base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given.split(" "))


def _read(request: Request) -> Taken:
    text = request.body.decode()
    content = json.loads(text)
    data: dict[str, Any] = content["data"]
    visit = str(data["visit"]["id"]) if "visit" in data else ""
    return Taken(
        protocol="webhook",
        line=request.path,
        key=request.headers["webhook-id"],
        type=str(content["type"]),
        visit=visit,
        body=text,
        place=data.get("sequence"),
    )
