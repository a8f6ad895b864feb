"""The processes of a drill's run: `python -m clinic.drill load|screens|receiver|old-worker|worker|cast ...`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
django.setup(set_prefix=False)

import redis  # noqa: E402  (Django must be set up before models are imported)

from clinic.drill import cast, load, old_ways, receiver, screens, timed_worker  # noqa: E402
from clinic.emr import Numbers  # noqa: E402


def main(part: str, *words: str) -> None:
    """Runs one part until it ends or is told to."""
    match part, words:
        case "cast", (path,):
            cast.make(Path(path))
        case "load", (design, seconds, addresses, ready, result):
            cast.connect(json.loads(addresses), os.environ["DRILL_SECRET"])
            load.run(design, float(seconds), Path(ready), Path(result))
        case "screens", (path, ready, result, hears):
            screens.run(Path(path), Path(ready), Path(result), has_own_path=hears == "own")
        case "receiver", (http, mllp):
            receiver.serve(Numbers(http=int(http), mllp=int(mllp)), os.environ["DRILL_SECRET"])
        case "old-worker", names:
            old_ways.work(list(names), redis.Redis(**old_ways.options()))
        case "worker", (pool,):
            timed_worker.work(pool, redis.Redis(**timed_worker.options()))
        case _:
            sys.exit(f"no such part of a drill: {part}")


if __name__ == "__main__":
    main(*sys.argv[1:])
