"""What the programme writes about itself: ids and codes, by route template."""

import io
import json

import pytest
import structlog

from loyalty.observability import configure_logging, job_context, log_access, request_context


@pytest.fixture
def lines() -> io.StringIO:
    stream = io.StringIO()
    structlog.reset_defaults()
    configure_logging(stream)
    return stream


@pytest.fixture(autouse=True)
def as_before() -> object:
    yield
    structlog.reset_defaults()


def test_an_access_line_names_the_route_and_its_request(lines: io.StringIO) -> None:
    with request_context("req-1"):
        structlog.get_logger("loyalty.access").info("access", route="/v1/members/{member}")

    line = json.loads(lines.getvalue())
    assert (line["event"], line["route"]) == ("access", "/v1/members/{member}")
    assert line["request_id"] == "req-1"
    assert line["timestamp"].endswith("Z")


def test_an_access_line_has_no_place_for_a_path(lines: io.StringIO) -> None:
    assert set(log_access.__annotations__) == {
        "method", "template", "status", "milliseconds", "return",
    }  # fmt: skip


def test_a_job_names_itself_and_its_run_while_it_runs(lines: io.StringIO) -> None:
    logger = structlog.get_logger("x")
    with job_context("settle-due-wallets", "run-1"):
        logger.info("inside")
    logger.info("outside")

    inside, outside = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (inside["job"], inside["request_id"]) == ("settle-due-wallets", "run-1")
    assert "job" not in outside
