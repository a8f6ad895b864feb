"""EVENKEEL_HOME: the directory of one installation, and the files in it that all its processes read."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

RUN_FILE = "run.json"
LOCK_FILE = "lock"
SECRET_KEY_FILE = "secret-key"


class HomeInUse(RuntimeError):
    """Another process runs on this home."""


def home() -> Path:
    """The absolute path in EVENKEEL_HOME, else ./var. Made with mode 0700 when it is not there."""
    path = Path(os.environ.get("EVENKEEL_HOME") or "var").resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str) -> None:
    """Puts `text` in `path`, mode 0600, whole or not at all."""
    os.replace(_draft(path, text), path)


def make_once(path: Path, make: Callable[[], str]) -> str:
    """The text in `path`, which the first caller made with `make()`, mode 0600; all callers get the same."""
    with suppress(FileNotFoundError):
        return path.read_text()
    draft = _draft(path, make())
    # A link, unlike a rename, leaves the file of another process that was first.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text()


def secret_key(home: Path) -> str:
    """This installation's random Django secret key, made once."""
    return make_once(home / SECRET_KEY_FILE, lambda: secrets.token_urlsafe(50))


def give(path: Path, like: Path) -> None:
    """Where we are root, `path` goes to the owner of `like`: whoever runs Evenkeel here has to open it."""
    if os.geteuid() == 0:
        owner = like.stat()
        # Never what a link points to: the folder may belong to somebody else.
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def write_run(home: Path, run: dict[str, Any]) -> None:
    """Says in run.json what runs on this home, and its settings; mode 0600, whole or not at all."""
    write_private(home / RUN_FILE, json.dumps({"pid": os.getpid(), **run}))


def read_run(home: Path) -> dict[str, Any] | None:
    """What run.json says, or None when nothing runs on this home: a killed owner's file does not count."""
    try:
        run: dict[str, Any] = json.loads((home / RUN_FILE).read_text())
        os.kill(run["pid"], 0)
    except (FileNotFoundError, ProcessLookupError, PermissionError, ValueError):
        return None
    return run


def remove_run(home: Path) -> None:
    """Removes run.json, if there."""
    (home / RUN_FILE).unlink(missing_ok=True)


@contextmanager
def lock(home: Path) -> Iterator[None]:
    """Holds this home for one owner, until the block or the process ends.

    Raises HomeInUse, with the owner's process id, when another process holds it.
    """
    # Opened without truncating: until the lock is ours, the text is the owner's.
    with open(os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(_in_use(home, file.read().strip())) from None
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def port_taken(host: str, port: int) -> bool:
    """Whether something listens on `port`. Raises OSError when the port cannot be ours for another reason."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        # As servers do: connections that have just ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def _draft(path: Path, text: str) -> Path:
    """A new file beside `path`, readable by the folder's owner only, that holds `text`."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    give(Path(name), path.parent)
    with open(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return Path(name)


def _in_use(home: Path, owner: str) -> str:
    return (
        f"Evenkeel already runs on {home}, as process {owner or 'unknown'}. "
        f"Stop that one first, or set EVENKEEL_HOME to another directory."
    )
