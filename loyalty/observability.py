"""What the programme writes about itself: one event a line, ids and codes only.

Every line carries the request or job it belongs to. An access line names the route's template,
never the path that was asked for, since paths and query strings carry members' ids and names.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

import msgspec
import structlog

ACCESS: Final = structlog.get_logger("loyalty.access")
LEVEL: Final = logging.INFO


def configure_logging(stream: TextIO | None = None) -> None:
    """Write lines people can read on a terminal, and JSON everywhere else."""
    target = sys.stderr if stream is None else stream
    rendering: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if target.isatty()
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVEL),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=target, level=logging.WARNING, format="%(message)s", force=True)


@contextmanager
def request_context(request_id: str) -> Iterator[None]:
    """Name the request on every line written inside."""
    bound = structlog.contextvars.bind_contextvars(request_id=request_id)
    try:
        yield
    finally:
        structlog.contextvars.reset_contextvars(**bound)


@contextmanager
def job_context(job: str, run: str) -> Iterator[None]:
    """Name the job and its run on every line written inside."""
    with structlog.contextvars.bound_contextvars(job=job, request_id=run):
        yield


def log_access(method: str, template: str, status: int, milliseconds: int) -> None:
    """Write one line for an answered request, by the template of its route."""
    ACCESS.info("access", method=method, route=template, status=status, ms=milliseconds)


def _json(event: object, **_: object) -> str:
    """Write a line: by the quick encoder, unless a text is none that UTF-8 could hold."""
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:
        return json.dumps(event, default=repr)
