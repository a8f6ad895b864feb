"""When the jobs that feed the record systems began, by RQ's own stamps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from realtime import job_queues
from tests.waiting import until

NAME, SECONDS = "integrations", 30


class EmrJobs:
    """Looks at the job queue that feeds healthy destinations."""

    def done(self) -> set[str]:
        """Names of the jobs that have ended well."""
        return set(job_queues.get(NAME).finished_job_registry.get_job_ids(cleanup=False))

    def delays(self, before: set[str], many: int) -> list[float]:
        """Seconds from enqueued to begun of the jobs that ended since `before`, once there are `many` of them."""
        until(lambda: len(self.done() - before) >= many, SECONDS, f"not all of {many} jobs have ended")
        jobs: Sequence[Any] = [job_queues.get(NAME).fetch_job(name) for name in self.done() - before]
        return [(job.started_at - job.enqueued_at).total_seconds() for job in jobs]
