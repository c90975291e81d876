"""The nightly proof: every verifier in one snapshot, and what they found is kept for the page."""

from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy import func, literal, select

from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.verification.store import Verification, record_verification
from loyalty.verify import verify

LOG: Final = structlog.get_logger(__name__)
JOB: Final = "prove-books-now"
_PATIENCE: Final = "1800s"


async def verify_books(application: Application, cause: Cause) -> Verification:
    """Prove every invariant and keep the result, whatever it is; nobody waits for it."""
    begun = replace(cause, at=application.clock.now())
    async with application.database.snapshot() as connection:
        local = literal(value=True)
        await connection.execute(select(func.set_config("statement_timeout", _PATIENCE, local)))
        findings = await verify(connection)
    kept = await application.database.write(
        record_verification, begun, findings, finished_at=application.clock.now()
    )
    if not kept.clean:
        LOG.error("books-broken", verification=str(kept.id), check=findings[0].check)
    return kept


async def prove_as_asked(application: Application, cause: Cause, actor: str) -> Verification:
    """The same, in the name of the person who asked for it."""
    return await verify_books(application, replace(cause, actor=actor))
