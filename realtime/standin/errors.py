"""Refusals in the vendor's own shape."""

from __future__ import annotations

from realtime.standin.wire import Reply


class VendorError(Exception):
    """An error that the vendor would report: HTTP status, its own code, and a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def info(self) -> dict[str, object]:
        """`{"code", "statusCode", "message", "href"}`, as in a batch's results and in error events."""
        href = f"https://help.ably.io/error/{self.code}"
        return {"code": self.code, "statusCode": self.status, "message": self.message, "href": href}

    def reply(self) -> Reply:
        """The whole answer to a request that failed."""
        headers = [("X-Ably-Errorcode", str(self.code)), ("X-Ably-Errormessage", self.message)]
        return Reply.json(self.status, {"error": self.info()}, headers)


def bad_request(message: str) -> VendorError:
    """The request cannot be understood; `message` says why."""
    return VendorError(400, 40000, message)
