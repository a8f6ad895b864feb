"""A mail server on loopback: takes mails, refuses them, or hangs, on command."""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


class MailServer(socketserver.ThreadingTCPServer):
    """`hangs`: greets nobody. `refuses`: takes no recipient."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.mails: list[EmailMessage] = []
        self.hangs = self.refuses = False
        self.calls = 0
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast(MailServer, self.server)
        server.calls += 1
        if server.hangs:
            server.closing.wait(10)
            return
        self._say("220 tests")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                server.mails.append(self._mail())
            self._say(
                "550 no" if verb == b"RCPT" and server.refuses else "221 bye" if verb == b"QUIT" else "250 ok"
            )

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _mail(self) -> EmailMessage:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return cast(EmailMessage, message_from_bytes(b"".join(lines), policy=policy.default))
