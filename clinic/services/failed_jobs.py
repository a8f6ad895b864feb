"""The only writer of what people decide about jobs that failed: they are put back in their queue."""

from __future__ import annotations

from clinic import audit
from clinic.services.actors import Actor, AlreadyDone, Refused
from realtime import failures
from realtime.failures import Cause


def retry(cause: Cause, *, by: Actor) -> int:
    """All that failed by this cause run once more; how many. Each of our jobs may be done twice.

    Raises AlreadyDone, failures.Interrupted when some were put back, and redis.RedisError when none was.
    """
    ids = failures.of(cause)
    if not ids:
        raise AlreadyDone("None of these is left: somebody was first, or their week was over.")
    said: dict[str, audit.Plain] = {"count": len(ids), "kind": cause.job, "why": cause.error}
    # Kept first: what is put back stays so whatever comes, and hundreds take long.
    audit.write(audit.SYSTEM, "jobs.retry", by=by.who, of=("job queue", cause.queue), detail=said)
    done = failures.retry(cause.queue, ids)
    if not done:
        raise Refused("Somebody was first: none of these is left.")
    return done
