"""A small shop with a past: a ladder, rules, members, orders completed, returned, open, cancelled.

Everything goes through the front doors that a shop uses; nothing is written past them.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import benefits
import ledger
import tiers
from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause
from loyalty.ladders import publish_ladder
from loyalty.links import make_link
from loyalty.members import Birthday, Joining, Member, join
from loyalty.outbox import list_messages, relay_events
from loyalty.policy import document_of, policy_at, publish_policy
from loyalty.rules import draft_rule, publish_rules
from tests.support.api import Caller, Web, mem
from tests.support.policies import lasting

TRIES = 300
LIKELY = 20

RULES: tuple[dict[str, Any], ...] = (
    {
        "rule": "base",
        "titles": {"en": "One point a dollar", "zh": "每 1 美元得 1 分"},
        "effects": [{"effect": "earn", "points": 1, "per": 100}],
    },
    {
        "rule": "gold-double",
        "when": {"fact": "tier", "at-least": "gold"},
        "effects": [{"effect": "earn", "multiplier": 2}],
    },
    {
        "rule": "card-price",
        "when": {"fact": "member", "is": True},
        "effects": [{"effect": "exclusive-price", "line_price": True}],
    },
    {
        "rule": "free-shipping-from-50",
        "when": {"fact": "subtotal", "at-least": 5000},
        "effects": [{"effect": "free-shipping"}],
        "tell": True,
    },
    {
        "rule": "gold-free-shipping",
        "when": {"fact": "tier", "at-least": "gold"},
        "effects": [{"effect": "free-shipping", "methods": ["standard"]}],
        "tell": True,
    },
    {
        "rule": "birthday-five-off",
        "voucher": "birthday",
        "effects": [{"effect": "amount-off", "amount": 500, "target": "order"}],
    },
)


@dataclass(frozen=True, slots=True)
class Shop:
    """What a test needs to find its way in the shop."""

    regular: Member
    stranger: Member
    order: str
    link: str

    @property
    def member(self) -> str:
        """The regular's id as pages show it."""
        return mem(self.regular)


async def open_shop(application: Application, web: Web) -> Shop:
    """Open the shop and let half a year pass in it."""
    await _configure(application)
    now = application.clock.now()
    members = [await _joins(application, number, now) for number in range(6)]
    checkout = await web.caller("checkout")
    order = await _buys(checkout, members[0], now)
    for number, member in enumerate(members[1:], start=1):
        await _bought(checkout, member, f"B-2{number:03d}", now - timedelta(days=9 * number), 4200)
    admin = await web.caller("admin")
    await _ok(
        admin.post(
            f"/v1/members/{mem(members[0])}/adjustments",
            {"points": 100, "reason": "goodwill", "note": "The parcel was late."},
        )
    )
    await _ok(
        admin.post(
            f"/v1/members/{mem(members[0])}/vouchers",
            {"definition": "birthday", "reason": "goodwill"},
        )
    )
    return Shop(members[0], members[1], order, wallet_link(application, members[0]))


def wallet_link(application: Application, member: Member) -> str:
    """Return where a member enters the wallet, for ten minutes."""
    now, lives = application.clock.now(), timedelta(minutes=10)
    link = make_link(application.signing, member.id, purpose="wallet", at=now, lives=lives)
    return f"/wallet/enter/{link.token}"


async def fall_into_debt(application: Application, web: Web, shop: Shop) -> int:
    """Let the regular lose all points and then return what earned some; answers what is owed."""
    async with application.database.read() as connection:
        now = application.clock.now()
        wallet = await ledger.wallet(connection, shop.regular.holder, at=now)
    admin, checkout = await web.caller("admin"), await web.caller("checkout")
    await _ok(
        admin.post(
            f"/v1/members/{shop.member}/adjustments",
            {"points": -wallet.available, "reason": "correction"},
        )
    )
    lines = [{"line_id": "1", "quantity": 1}, {"line_id": "2", "quantity": 2}]
    await _ok(
        checkout.post(
            "/v1/orders/ext:B-1005/returns",
            {"lines": lines, "reason": "damaged", "return_id": "R-18"},
        )
    )
    async with application.database.read() as connection:
        wallet = await ledger.wallet(connection, shop.regular.holder, at=application.clock.now())
    return wallet.debt


async def tell_members_of_it(application: Application) -> None:
    """Make messages of what happened; events wait for every transaction that began before them."""
    cause = Cause(application.clock.now(), SYSTEM, "shop")
    for _ in range(TRIES):
        await relay_events(application, cause)
        async with application.database.read() as connection:
            told = await list_messages(connection, limit=LIKELY)
        if any(one.template == "tier-upgraded" for one in told):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("nobody was told of a higher tier")


async def _configure(application: Application) -> None:
    database, at = application.database, application.clock.now()
    cause = Cause(at, SYSTEM, "shop")
    async with database.read() as connection:
        document = document_of(await policy_at(connection, at))
    changes = {
        "time_zone": "America/New_York",
        "unit": {"en": "points", "zh": "积分"},
        **lasting(6),
        "pending_days": 14,
        "adjustment_limits": {"admin": 10_000, "finance": 5_000},
    }
    await database.write(
        publish_policy, cause, document | changes, starts_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    ladder = tiers.default_ladder(silver=(30_000, 6), gold=(100_000, 18), diamond=(400_000, 40))
    await database.write(publish_ladder, cause, ladder)
    birthday = benefits.VoucherDefinition(
        "birthday", {"en": "Birthday gift: $5 off", "zh": "生日礼：减 5 美元"}, valid_for_days=30
    )
    await database.write(benefits.define_voucher, birthday, actor=SYSTEM, at=at)
    versions = []
    for rule in RULES:
        drafted = await database.write(draft_rule, cause, rule)
        versions.append((drafted.rule, drafted.version))
    await database.write(publish_rules, cause, versions, live_from=datetime(2020, 1, 1, tzinfo=UTC))
    later = {"rule": "autumn-draft", "effects": [{"effect": "earn", "bonus": 20}]}
    await database.write(draft_rule, cause, later)


async def _joins(application: Application, number: int, now: datetime) -> Member:
    names = ("Mei Lin", "Jonas Weber", "Aisha Khan", "Tomás Rivera", "Niamh Byrne", "Ren Sato")
    return await application.database.write(
        join,
        Cause(now, SYSTEM, "shop"),
        Joining(
            external_id=f"C-{1000 + number}",
            email=f"member{number}@example.com",
            phone=f"+1 555 010 {1000 + number}",
            name=names[number],
            birthday=Birthday(2, 29),
            joined_at=now - timedelta(days=400 - number),
        ),
    )


async def _buys(checkout: Caller, member: Member, now: datetime) -> str:
    """A regular's half-year: eight orders, a return, one cancelled, one open with points in it."""
    for number in range(8):
        placed = now - timedelta(days=205 - 25 * number)
        await _bought(checkout, member, f"B-1{number:03d}", placed, 3150 + 775 * number)
    await _ok(
        checkout.post(
            "/v1/orders/ext:B-1006/returns",
            {"lines": [{"line_id": "2", "quantity": 1}], "reason": "damaged", "return_id": "R-17"},
        )
    )
    await _placed(checkout, member, "B-1008", now - timedelta(days=3), 1800)
    await _ok(checkout.post("/v1/orders/ext:B-1008/cancel", {}))
    cart = {
        "currency": "USD",
        "channel": "web",
        "country": "US",
        "lines": [
            {"line_id": "1", "sku": "1095275", "category": "PASTRY", "quantity": 2,
             "unit_price": 450, "member_price": 399},
            {"line_id": "2", "sku": "9553042", "category": "COFFEE", "quantity": 1,
             "unit_price": 1290},
        ],
        "shipping": {"method": "express", "price": 590},
        "points_to_spend": 50,
    }  # fmt: skip
    answer = await _ok(
        checkout.post("/v1/orders", {"member": mem(member), "order_id": "B-1009", "order": cart})
    )
    return str(answer["order"])


async def _bought(
    checkout: Caller, member: Member, number: str, placed: datetime, amount: int
) -> None:
    await _placed(checkout, member, number, placed, amount)
    completed = (placed + timedelta(days=1)).isoformat()
    await _ok(
        checkout.post(
            f"/v1/orders/ext:{number}/complete", {"shipment": "S1", "completed_at": completed}
        )
    )


async def _placed(
    checkout: Caller, member: Member, number: str, placed: datetime, amount: int
) -> None:
    order = {
        "currency": "USD",
        "channel": "store",
        "lines": [
            {"line_id": "1", "sku": "1029743", "category": "GROCERY", "quantity": 1,
             "amount": amount},
            {"line_id": "2", "sku": "1106523", "category": "DAIRY", "quantity": 2, "amount": 998},
        ],
    }  # fmt: skip
    body = {
        "member": mem(member),
        "order_id": number,
        "priced_by": "shop",
        "placed_at": placed.isoformat(),
        "paid_at": placed.isoformat(),
        "order": order,
    }
    await _ok(checkout.post("/v1/orders", body))


async def _ok(call: Any) -> dict[str, Any]:
    answer = await call
    assert answer.status_code < 300, answer.text
    body: dict[str, Any] = answer.json()
    return body
