"""Who may do what: every operation of the OpenAPI document against every role."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from loyalty.keys import ROLES
from tests.support.api import Caller, Web

C, A, F, M = "checkout", "admin", "finance", "member"

MATRIX: dict[str, set[str]] = {
    "POST /v1/members": {C, A},
    "GET /v1/members": {C, A},
    "GET /v1/members/{member}": {C, A, M},
    "PATCH /v1/members/{member}": {C, A},
    "GET /v1/members/{member}/tags": {C, A},
    "PUT /v1/members/{member}/tags": {C, A},
    "GET /v1/member-lists": {C, A},
    "GET /v1/member-lists/{list}": {C, A},
    "PUT /v1/member-lists/{list}": {A},
    "POST /v1/member-lists/{list}/retire": {A},
    "GET /v1/members/{member}/wallet": {C, A, F, M},
    "GET /v1/members/{member}/entitlements": {C, A, F, M},
    "GET /v1/members/{member}/benefits": {C, A, F, M},
    "GET /v1/members/{member}/transactions": {C, A, F, M},
    "POST /v1/members/{member}/adjustments": {A, F},
    "POST /v1/members/{member}/links": {C, A},
    "GET /v1/members/{member}/statement": {C, A, F, M},
    "POST /v1/members/{member}/write-offs": {A, F},
    "POST /v1/members/{member}/freezes": {A, F},
    "POST /v1/members/{member}/activations": {C, A},
    "POST /v1/members/{member}/merge": {A},
    "POST /v1/policy/previews": {A},
    "GET /v1/policy/previews": {A, F},
    "GET /v1/policy/previews/{preview}": {A, F},
    "POST /v1/policy/previews/{preview}/confirm": {A},
    "GET /v1/members/{member}/tier": {C, A, F, M},
    "GET /v1/members/{member}/vouchers": {C, A, F, M},
    "POST /v1/members/{member}/vouchers": {A},
    "POST /v1/checkout/quotes": {C, A},
    "POST /v1/checkout/prices": {C, A},
    "POST /v1/orders": {C, A},
    "GET /v1/orders/{order}": {C, A, F, M},
    "GET /v1/orders/{order}/earning": {C, A, F, M},
    "POST /v1/orders/{order}/hold": {C, A},
    "POST /v1/orders/{order}/paid": {C, A},
    "POST /v1/orders/{order}/complete": {C, A},
    "POST /v1/orders/{order}/cancel": {C, A},
    "POST /v1/orders/{order}/returns": {C, A},
    "POST /v1/orders/{order}/exchange": {C, A},
    "POST /v1/orders/{order}/chargeback": {C, A},
    "POST /v1/orders/{order}/claim": {C, A},
    "POST /v1/orders/{order}/delivered": {C, A},
    "GET /v1/exceptions": {F, A},
    "GET /v1/exceptions/{exception}": {F, A},
    "POST /v1/exceptions/{exception}/settle": {F, A},
    "GET /v1/statistics/return-reasons": {F, A},
    "GET /v1/orders/{order}/explanation": {C, A, F, M},
    "GET /v1/orders/{order}/decision": {C, A, F},
    "GET /v1/orders/{order}/decision/replay": {C, A, F},
    "POST /v1/returns": {C, A},
    "POST /v1/ladders": {A},
    "GET /v1/ladders": {C, A, F},
    "GET /v1/ladders/{version}": {C, A, F},
    "GET /v1/ladders/distribution": {A, F},
    "GET /v1/ladders/drafts/{draft}/distribution": {A, F},
    "POST /v1/ladders/drafts": {A},
    "GET /v1/ladders/drafts": {A, F},
    "GET /v1/ladders/drafts/{draft}": {A, F},
    "POST /v1/ladders/drafts/{draft}": {A},
    "POST /v1/ladders/drafts/{draft}/previews": {A},
    "POST /v1/ladders/drafts/{draft}/targets": {A},
    "POST /v1/ladders/drafts/{draft}/publish": {A},
    "POST /v1/ladders/drafts/{draft}/retire": {A},
    "POST /v1/members/{member}/tier/grants": {A},
    "POST /v1/members/{member}/tier/grants/lift": {A},
    "POST /v1/members/{member}/tier/freezes": {A},
    "POST /v1/voucher-definitions": {A},
    "GET /v1/voucher-definitions": {C, A, F},
    "GET /v1/voucher-definitions/{name}": {A, F},
    "POST /v1/voucher-definitions/{name}/retire": {A},
    "POST /v1/voucher-definitions/{name}/batches": {A},
    "POST /v1/voucher-definitions/{name}/imports": {A},
    "GET /v1/voucher-definitions/{name}/vouchers": {A, F},
    "GET /v1/voucher-batches": {A, F},
    "GET /v1/voucher-batches/{batch}": {A, F},
    "POST /v1/voucher-batches/{batch}/codes": {A},
    "POST /v1/voucher-batches/{batch}/void": {A},
    "GET /v1/vouchers/{voucher}": {A, F},
    "POST /v1/vouchers/{voucher}/void": {A},
    "POST /v1/rewards": {A},
    "GET /v1/rewards": {C, A, F},
    "GET /v1/rewards/{reward}": {C, A, F},
    "POST /v1/rewards/{reward}": {A},
    "GET /v1/rewards/{reward}/versions": {C, A, F},
    "POST /v1/rewards/{reward}/tax-class": {F},
    "POST /v1/rewards/{reward}/publish": {A},
    "POST /v1/rewards/{reward}/retire": {A},
    "POST /v1/rewards/{reward}/stock": {A},
    "GET /v1/rewards/{reward}/stock": {C, A, F},
    "GET /v1/members/{member}/rewards": {C, A, F, M},
    "POST /v1/members/{member}/reward-orders": {C, A, M},
    "GET /v1/members/{member}/reward-orders": {C, A, F, M},
    "GET /v1/reward-orders": {C, A, F},
    "GET /v1/reward-orders/{order}": {C, A, F, M},
    "POST /v1/reward-orders/{order}/fulfil": {C, A},
    "POST /v1/reward-orders/{order}/cancel": {C, A},
    "POST /v1/plans": {A},
    "GET /v1/plans": {C, A, F, M},
    "GET /v1/plans/{plan}": {C, A, F, M},
    "POST /v1/plans/{plan}/archive": {A},
    "POST /v1/plans/{plan}/prices/{price}/archive": {A},
    "POST /v1/plans/{plan}/partner-benefits": {A},
    "GET /v1/plans/{plan}/partner-benefits": {C, A},
    "POST /v1/plans/{plan}/partner-benefits/{benefit}/codes": {A},
    "POST /v1/plans/{plan}/partner-benefits/{benefit}/archive": {A},
    "GET /v1/memberships/{membership}/partner-benefits": {C, A, M},
    "POST /v1/memberships/{membership}/partner-benefits/{benefit}": {C, A, M},
    "POST /v1/memberships": {C, A},
    "GET /v1/memberships": {C, A, F},
    "GET /v1/memberships/{membership}": {C, A, F, M},
    "GET /v1/memberships/{membership}/savings": {C, A, F, M},
    "GET /v1/plans/{plan}/figures": {A, F},
    "GET /v1/members/{member}/membership": {C, A, F, M},
    "POST /v1/memberships/{membership}/periods": {C, A},
    "POST /v1/memberships/{membership}/payment-failures": {C, A},
    "POST /v1/memberships/{membership}/refunds": {C, A},
    "POST /v1/memberships/{membership}/cancel": {C, A, M},
    "POST /v1/members/{member}/membership-pages": {C, A, M},
    "POST /v1/members/{member}/membership-pages/{page}/confirm": {C, A, M},
    "POST /v1/members/{member}/billing-portal": {C, A, M},
    "GET /v1/stripe": {C, A, F},
    "GET /v1/stripe/events": {A, F},
    "POST /v1/stripe/events/{event}/replay": {A},
    "GET /v1/stripe/refunds": {A, F},
    "POST /v1/stripe/refunds/{membership}/retry": {A, F},
    "POST /v1/stripe/refunds/{membership}/settle": {A, F},
    "POST /v1/memberships/{membership}/undo-cancel": {C, A, M},
    "POST /v1/memberships/{membership}/withdraw": {C, A, M},
    "POST /v1/memberships/{membership}/change": {C, A},
    "GET /v1/memberships/{membership}/change": {C, A, M},
    "POST /v1/rules": {A},
    "GET /v1/rules": {C, A, F},
    "GET /v1/rules/{rule}": {C, A, F},
    "POST /v1/rule-sets": {A},
    "GET /v1/rule-sets": {C, A, F},
    "GET /v1/rule-sets/{version}": {C, A, F},
    "GET /v1/rule-sets/{version}/diff": {C, A, F},
    "GET /v1/rules/{rule}/versions": {C, A, F},
    "GET /v1/rules/{rule}/diff": {C, A, F},
    "POST /v1/rules/{rule}/end": {A},
    "POST /v1/rules/{rule}/stop": {A},
    "POST /v1/rules/{rule}/resume": {A},
    "GET /v1/rules/{rule}/lift": {C, A, F},
    "POST /v1/rule-drafts": {A},
    "POST /v1/events": {C, A},
    "GET /v1/members/{member}/events": {C, A, F, M},
    "GET /v1/event-kinds": {C, A, F},
    "POST /v1/event-kinds": {A},
    "POST /v1/event-kinds/{kind}/retire": {A},
    "GET /v1/rule-drafts": {A, F},
    "POST /v1/rule-drafts/check": {A},
    "GET /v1/rule-drafts/{draft}": {A, F},
    "POST /v1/rule-drafts/{draft}": {A},
    "POST /v1/rule-drafts/{draft}/check": {A},
    "GET /v1/rule-drafts/{draft}/diff": {A, F},
    "POST /v1/rule-drafts/{draft}/publish": {A},
    "POST /v1/rule-drafts/{draft}/retire": {A},
    "POST /v1/rule-drafts/{draft}/review": {A},
    "POST /v1/rule-drafts/{draft}/approve": {A},
    "POST /v1/rule-drafts/{draft}/send-back": {A},
    "POST /v1/rule-drafts/{draft}/try": {A},
    "POST /v1/rule-drafts/{draft}/dry-runs": {A},
    "GET /v1/rule-drafts/{draft}/dry-runs": {A, F},
    "GET /v1/dry-runs/{run}": {A, F},
    "GET /v1/rule-costs": {A, F},
    "POST /v1/prices": {C, A},
    "GET /v1/finance/trial-balance": {A, F},
    "GET /v1/finance/accounts/{account}/entries": {A, F},
    "GET /v1/finance/journals/{journal}": {A, F},
    "GET /v1/finance/roll-forward": {A, F},
    "GET /v1/finance/roll-forward/entries": {A, F},
    "GET /v1/finance/ageing": {A, F},
    "GET /v1/finance/debts": {A, F},
    "GET /v1/finance/periods": {A, F},
    "GET /v1/finance/periods/{month}": {A, F},
    "POST /v1/finance/periods/{month}/close": {F},
    "GET /v1/finance/verifications": {A, F},
    "GET /v1/changes": {C, A},
    "GET /v1/changes/schemas": {C, A},
    "GET /v1/messages": {C, A},
    "GET /v1/messages/{message}": {C, A},
    "POST /v1/messages/{message}/resend": {A},
    "POST /v1/messages/{message}/told": {C, A},
    "POST /v1/finance/estimates": {F},
    "GET /v1/finance/estimates": {A, F},
    "GET /v1/finance/money/roll-forward": {A, F},
    "GET /v1/finance/money/cohorts": {A, F},
    "GET /v1/finance/money/cohorts/{lot_class}/{month}/lots": {A, F},
    "GET /v1/finance/fees/roll-forward": {A, F},
    "GET /v1/finance/fees/charges": {A, F},
    "POST /v1/finance/exports": {A, F},
    "GET /v1/finance/exports": {A, F},
    "GET /v1/finance/exports/{number}": {A, F},
    "GET /v1/finance/exports/{number}/file": {A, F},
    "GET /v1/finance/account-maps": {A, F},
    "GET /v1/finance/account-maps/{map}": {A, F},
    "POST /v1/finance/account-maps": {A, F},
    "POST /v1/finance/reconciliations": {A, F},
    "GET /v1/finance/reconciliations": {A, F},
    "GET /v1/finance/reconciliations/{number}": {A, F},
    "GET /v1/finance/reconciliations/{number}/items": {A, F},
    "POST /v1/finance/reconciliations/{number}/items/{position}/clear": {F},
    "POST /v1/finance/reconciliations/{number}/items/{position}/reopen": {F},
    "POST /v1/finance/billing-reports": {F},
    "GET /v1/policy": {C, A, F},
    "GET /v1/policy/versions": {C, A, F},
    "GET /v1/policy/versions/{version}": {C, A, F},
    "POST /v1/policy": {A},
    "POST /v1/keys": {A},
    "GET /v1/keys": {A},
    "DELETE /v1/keys/{key}": {A},
    "GET /v1/audit": {A},
}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


async def test_every_operation_has_a_row_and_declares_it(web: Web) -> None:
    document = (await web.client.get("/schema/openapi.json")).json()

    declared = {name: set(told["x-roles"]) for name, told in operations(document)}

    assert declared == MATRIX


async def test_every_role_is_let_in_or_refused_as_the_matrix_says(
    web: Web, subtests: pytest.Subtests
) -> None:
    member = await web.joined(external_id="C-1")
    callers = {role: await web.caller(role, member.id if role == M else None) for role in ROLES}

    for name, allowed in MATRIX.items():
        for role, caller in callers.items():
            with subtests.test(f"{role}: {name}"):
                answer = await _call(caller, name)
                refused = answer.status_code == 403
                assert refused == (role not in allowed), answer.text
                if refused:
                    assert answer.json()["code"] == "role-not-allowed"
                assert answer.status_code != 401


async def test_nobody_is_let_in_without_a_key(web: Web, subtests: pytest.Subtests) -> None:
    for name in MATRIX:
        with subtests.test(name):
            answer = await _call(Caller(web.client, ""), name)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def _call(caller: Caller, name: str) -> Any:
    method, _, path = name.partition(" ")
    path = re.sub(r"\{(version|number|position)\}", "999", re.sub(r"\{member\}", "ext:C-1", path))
    path = re.sub(r"\{\w+\}", "nothing", path)
    match method:
        case "GET":
            return await caller.get(path)
        case "DELETE":
            return await caller.delete(path)
        case "PATCH":
            return await caller.patch(path, {"unknown": 1})
        case "PUT":
            return await caller.put(path, {"unknown": 1})
        case _:
            return await caller.post(path, {"unknown": 1})
