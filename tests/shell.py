"""A shell beside a running Evenkeel, started once and asked often: a start costs over a second, an answer none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Each line is a question. Between two it holds no connection to the database, as if it were not there.
LOOP = """
import json, sys, traceback
from django.db import connections
from clinic import access, demo
from clinic.models import *
from realtime.models import *
for line in sys.stdin:
    question, names = json.loads(line), dict(globals())
    try:
        if question["kind"] == "eval":
            answer = {"is": eval(question["code"], names)}
        else:
            answer = {"is": exec(question["code"], names)}
        answer = json.dumps(answer)
    except Exception:
        answer = json.dumps({"failed": traceback.format_exc()})
    connections.close_all()
    print(answer, flush=True)
"""


class Shell:
    """`manage.py shell` of this environment, from its first question to `end`."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", LOOP],
            cwd=root,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def value(self, expression: str) -> Any:
        """Of an expression over the models; what JSON can hold."""
        return self._answer("eval", expression)

    def run(self, code: str) -> None:
        self._answer("exec", code)

    def _answer(self, kind: str, code: str) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"kind": kind, "code": code}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the shell ended"
        answer = json.loads(line)
        assert "failed" not in answer, answer["failed"]
        return answer["is"]

    def end(self) -> None:
        self._process.communicate(timeout=10)
