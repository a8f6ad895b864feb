"""A PostgreSQL in a process of its own: prints its address and its log, and ends with its standard input.

The package warns when it is imported without a session of a person, and warnings are errors in our tests.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    from tests.own_postgres import own_postgres, set_up

    with own_postgres(is_quiet=False) as server:
        print(set_up(server), server.log, flush=True)
        sys.stdin.read()


@contextmanager
def running() -> Iterator[tuple[str, Path]]:
    """The address of a database that is set up as documented, and the server's log, while the block runs."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.deploy.postgres"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        url, _space, log = process.stdout.readline().strip().partition(" ")
        assert url, "PostgreSQL did not start"
        yield url, Path(log)
        process.stdin.close()
