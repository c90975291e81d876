"""Programme policy: versioned, effective-dated data that the whole programme obeys."""

from loyalty.expiry import months_later
from loyalty.policy.cache import Policies
from loyalty.policy.document import document_of, parse_policy
from loyalty.policy.earlier import modern
from loyalty.policy.errors import (
    AssetUnknown,
    PolicyCannotChange,
    PolicyMalformed,
    PolicyStartsInThePast,
    PolicyStartsTooSoon,
    UnknownPolicy,
)
from loyalty.policy.store import (
    find_policy,
    list_policies,
    policy_at,
    policy_version_at,
    publish_policy,
    refuse_unknown_asset,
)
from loyalty.policy.types import ADJUSTMENT, OPENING, ORDER, POINTS, Asset, Policy

__all__ = [
    "ADJUSTMENT",
    "OPENING",
    "ORDER",
    "POINTS",
    "Asset",
    "AssetUnknown",
    "Policies",
    "Policy",
    "PolicyCannotChange",
    "PolicyMalformed",
    "PolicyStartsInThePast",
    "PolicyStartsTooSoon",
    "UnknownPolicy",
    "document_of",
    "find_policy",
    "list_policies",
    "modern",
    "months_later",
    "parse_policy",
    "policy_at",
    "policy_version_at",
    "publish_policy",
    "refuse_unknown_asset",
]
