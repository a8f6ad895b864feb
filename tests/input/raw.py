"""Bytes on a socket that no browser would send, made from a seed, and what a server answers."""

from __future__ import annotations

import contextlib
import socket
from random import Random

HOST = b"127.0.0.1"
SECONDS = 20.0
TARGETS = [
    b"/", b"*", b"/kiosk/", b"http://evil.example/kiosk/", b"evil.example:80", b"/a b", b"/\x00",
    b"/\xff\xfe", b"/%", b"/%zz",
    b"//evil.example/", b"/\\..\\..", b"/../../etc/passwd", b"/static/../../clinic/settings.py",
    b"/static/%2e%2e/settings.py", b"?",
    b"/desk/?clinic=\xff", b"/healthz#", b"/" + b"a" * 70_000, b"/kiosk/?" + b"a=b&" * 12_000, b"",
    b"/live/" + b"a" * 26 + b"/",
    b"/live/\xff/", b"/ws/" + b"a" * 26 + b"/", b"/admin/r/1/1/", b"/healthz\r\nX: y",
]  # fmt: skip
METHODS = [
    b"GET",
    b"POST",
    b"get",
    b"G\x00T",
    b"",
    b"A" * 5000,
    b"GET GET",
    b"\xff",
    b"CONNECT",
    b"TRACE",
    b"PRI",
    b"{",
    b"HEAD",
]
VERSIONS = [
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"HTTP/0.9",
    b"HTTP/9.9",
    b"HTTP/2.0",
    b"",
    b"http/1.1",
    b"HTTP/1.1 x",
    b"ICY",
    b"HTTP/1.",
]
HEADERS = [
    b"no colon", b" folded: x", b"X: a\x00b", b"X\x00: y", b": empty", b"Content-Length: -1",
    b"Content-Length: x",
    b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    b"Content-Length: " + b"9" * 40,
    b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: \x0bchunked",
    b"Content-Length: +5",
    b"Host: evil.example", b"Host: a\r\nHost: b", b"X: " + b"a" * 70_000,
    b"\r\n".join(b"X%d: y" % n for n in range(3000)),
    b"Expect: 100-continue", b"Expect: miracles", b"Upgrade: h2c\r\nConnection: Upgrade",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x",
    b"X: \xff\xfe", b"X:\ty",
    b"Cookie: " + b"a=b; " * 3000, b"Cookie: \xff=\x80", b"Connection: close, , ,",
    b"Range: bytes=" + b"0-," * 2000, b"H\xc3\xa9: y",
    b"Content-Type: multipart/form-data; boundary=" + b"-" * 5000, b"Sec-WebSocket-Key: " + b"a" * 9000,
    b"X: a\nY: b", b"X: a\rY: b",
]  # fmt: skip
CHUNKS = [
    b"5\r\nhello\r\n0\r\n\r\n", b"-1\r\nx\r\n", b"fffffffffffffffff\r\nx", b"zz\r\n", b"5\r\nhe",
    b"0\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    b"5;" + b"a=b;" * 3000 + b"\r\nhello\r\n0\r\n\r\n", b"\r\n\r\n", b"\x00" * 50, b"5\nhello\n0\n\n",
    b"1\r\nab\r\n0\r\n\r\n", b"",
]  # fmt: skip


def message(rng: Random, port: int) -> bytes:
    """One request, or what is left of one."""
    line = b" ".join([rng.choice(METHODS), rng.choice(TARGETS), rng.choice(VERSIONS)])
    if rng.random() < 0.5:
        line = b"%s %s HTTP/1.1" % (rng.choice([b"GET", b"POST"]), rng.choice(TARGETS))
    headers = [b"Host: 127.0.0.1:%d" % port, b"Connection: close"]
    headers += rng.sample(HEADERS, rng.choice([0, 1, 1, 2]))
    body = b""
    if rng.random() < 0.3:
        headers.append(b"Transfer-Encoding: chunked")
        body = rng.choice(CHUNKS)
    whole = b"\r\n".join([line, *headers, b"", b""]) + body
    broken = rng.random()
    if broken < 0.1:
        return rng.randbytes(rng.randrange(1, 3000))
    return whole[: rng.randrange(1, len(whole))] if broken < 0.2 else whole


def exchange(port: int, sent: bytes) -> bytes:
    """Sends these bytes, then says that no more will come; what the server answers until it hangs up."""
    with socket.create_connection((HOST, port), SECONDS) as line:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
        return heard(line)


def heard(line: socket.socket) -> bytes:
    """All that comes until the other side hangs up. Raises TimeoutError when it does not."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := line.recv(65_536):
            parts.append(part)
    return b"".join(parts)
