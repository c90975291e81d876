"""Work at our own pace: jobs that people start, and periodic ones.

`enqueue` puts a job into the caller's transaction; `work` runs them. Every job may die anywhere and
run again, so each does its work in bounded batches through `Database.write` and keeps no state.

Whoever enqueues imports `loyalty.jobs.queue`, which knows no job: only the worker and the registry
know the work, and with it half of the programme.
"""
