"""Work at our own pace: jobs that people start, and periodic ones.

`enqueue` puts a job into the caller's transaction; `work` runs them. Every job may die anywhere and
run again, so each does its work in bounded batches through `Database.write` and keeps no state.
"""

from loyalty.jobs.queue import enqueue
from loyalty.jobs.registry import JOBS, PERIODIC, Job, Periodic
from loyalty.jobs.worker import work

__all__ = ["JOBS", "PERIODIC", "Job", "Periodic", "enqueue", "work"]
