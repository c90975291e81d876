"""What people do to wallets and members by hand: forgive, lock, activate early, merge."""

from typing import Final

from litestar import Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, member_ref, principal_of
from api.bodies import body_of
from api.operation import Operation, operation
from api.schemas.corrections import (
    ActivationBody,
    CorrectedOut,
    FreezeBody,
    MergeBody,
    MergedOut,
    WriteOffBody,
)
from api.writing import answer, cause_of, now_of, write
from loyalty.corrections import LotUnknown, activate_lot, freeze_wallet, write_off_debt
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.members import UnknownMember, read_member_ref
from loyalty.members.merging import merge_members
from loyalty.members.types import Ref

_MEMBER: Final = {"member": "Our id (mem_…) or ext: and the shop's id."}
_DONE: Final = {"journal": "jrn_01kfz3m6q8e4trx9n2v5w7y1ab", "points": 250, "asset": "points"}
_REFUSALS: Final = ("unknown-member", "adjustment-reason-unknown", "asset-unknown")


@post(
    "/members/{member:str}/write-offs",
    opt=operation(
        Operation(
            summary="Give up debt of a wallet",
            tag="wallet",
            roles=frozenset({"admin", "finance"}),
            key="required",
            confirms_key=True,
            body=WriteOffBody,
            answers={201: CorrectedOut},
            refusals=(*_REFUSALS, "adjustment-over-limit", "debt-too-small"),
            parameters=_MEMBER,
            example={"points": 250, "reason": "goodwill"},
            example_answer=_DONE,
        )
    ),
)
async def write_off(request: ApiRequest) -> Response[bytes]:
    """Give up debt for a reason, within the role's limit of the day."""
    body = await body_of(request, WriteOffBody)
    cause, correction = cause_of(request, now_of(request)), body.correction(_role(request))

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        whose = begun.whose()
        done = await write_off_debt(connection, cause, whose, body.points, correction)
        return answer(201, CorrectedOut.of(done))

    return await write(request, member_ref(request), work)


@post(
    "/members/{member:str}/freezes",
    opt=operation(
        Operation(
            summary="Lock or unlock a wallet",
            tag="wallet",
            roles=frozenset({"admin", "finance"}),
            key="required",
            confirms_key=True,
            body=FreezeBody,
            answers={201: CorrectedOut},
            refusals=_REFUSALS,
            parameters=_MEMBER,
            example={"frozen": True, "reason": "complaint", "note": "Password was stolen."},
            example_answer=_DONE | {"points": 0},
        )
    ),
)
async def freeze(request: ApiRequest) -> Response[bytes]:
    """Lock a wallet, so that nothing is spent or held from it, or unlock it; for a reason."""
    body = await body_of(request, FreezeBody)
    cause, correction = cause_of(request, now_of(request)), body.correction(_role(request))

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        whose = begun.whose()
        done = await freeze_wallet(connection, cause, whose, correction, frozen=body.frozen)
        return answer(201, CorrectedOut.of(done))

    return await write(request, member_ref(request), work)


@post(
    "/members/{member:str}/activations",
    opt=operation(
        Operation(
            summary="Make pending points available by an event",
            tag="wallet",
            roles=frozenset({"checkout", "admin"}),
            key="required",
            confirms_key=True,
            body=ActivationBody,
            answers={201: CorrectedOut},
            refusals=(*_REFUSALS, "member-closed", "lot-unknown", "lot-not-pending"),
            parameters=_MEMBER,
            example={"lot": "lot_01kfz3m6q8e4trx9n2v5w7y1ab", "reason": "other"},
            example_answer=_DONE,
        )
    ),
)
async def activate(request: ApiRequest) -> Response[bytes]:
    """Make all that is pending of a lot available now; the wallet names its lots."""
    body = await body_of(request, ActivationBody)
    cause, correction = cause_of(request, now_of(request)), body.correction(_role(request))
    try:
        lot = read("lot", body.lot)
    except MalformedId:
        raise LotUnknown(seen=body.lot, pointer="/lot") from None

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        done = await activate_lot(connection, cause, begun.whose(), lot, correction)
        return answer(201, CorrectedOut.of(done))

    return await write(request, member_ref(request), work)


@post(
    "/members/{member:str}/merge",
    status_code=200,
    opt=operation(
        Operation(
            summary="Let a member go on as another",
            tag="members",
            roles=frozenset({"admin"}),
            key="required",
            body=MergeBody,
            answers={200: MergedOut},
            refusals=(
                "unknown-member",
                "member-closed",
                "member-merged",
                "member-blocked",
                "merge-with-itself",
                "holds-open",
                "wallet-frozen",
            ),
            parameters=_MEMBER,
            example={"into": "ext:C-1047", "reason": "same-person"},
            example_answer={
                "id": "mem_01kfz3m6q8e4trx9n2v5w7y1ab",
                "into": "mem_01kfz3m6q8e4trx9n2v5w7y1ac",
                "points": {"points": 1200},
                "debt": {"points": 0},
                "vouchers": 1,
            },
        )
    ),
)
async def merge(request: ApiRequest) -> Response[bytes]:
    """Move everything a member has to another one, and close the first; their id stays good."""
    body = await body_of(request, MergeBody)
    gone, into = member_ref(request), _into(body.into)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        merged = await merge_members(
            connection, cause, gone, into, reason=body.reason, note=body.note
        )
        return answer(200, MergedOut.of(merged))

    return await write(request, None, work)


def _into(text: str) -> Ref:
    try:
        return read_member_ref(text)
    except MalformedId:
        raise UnknownMember(seen=text[:80], pointer="/into") from None


def _role(request: ApiRequest) -> str:
    return principal_of(request).role


ROUTES: Final = (write_off, freeze, activate, merge)
