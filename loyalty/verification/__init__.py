"""Proofs that were made, and what they found: the nightly one, and those that close a period."""

from loyalty.verification.proving import prove_as_asked, verify_books
from loyalty.verification.store import (
    Verification,
    find_verification,
    latest_verification,
    list_verifications,
    record_verification,
)

__all__ = [
    "Verification",
    "find_verification",
    "latest_verification",
    "list_verifications",
    "prove_as_asked",
    "record_verification",
    "verify_books",
]
