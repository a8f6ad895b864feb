"""A PostgreSQL in a process of its own: prints its address, and ends with its standard input.

The package warns when it is imported without a session of a person, and warnings are errors in our tests.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

if __name__ == "__main__":
    from tests.own_postgres import own_postgres

    with own_postgres() as server:
        print(server.get_uri(), flush=True)
        sys.stdin.read()


@contextmanager
def running() -> Iterator[str]:
    """Its address, while the block runs."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.deploy.postgres"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        url = process.stdout.readline().strip()
        assert url, "PostgreSQL did not start"
        yield url
        process.stdin.close()
