"""A month small enough to be read: four events, two amounts of money, and where they leave us."""

from datetime import UTC, date, datetime
from uuid import UUID

from loyalty.exports.maps import parse_map, shipped_document
from loyalty.exports.types import Entry, Export, Format, Line, Stands
from loyalty.exports.writing import Head

LOT = UUID("019b7a40-0000-7000-8000-000000000001")
ORDER = UUID("019b7a40-0000-7000-8000-00000000000a")


def journal(number: int) -> UUID:
    """The id of an event."""
    return UUID(int=(0x019B7A40 << 96) | (7 << 76) | (8 << 60) | (number << 8))


def head(format_: Format, *, map_: str = "ifrs", language: str = "en") -> Head:
    """What stands around the entries."""
    document = shipped_document(map_)
    account_map = parse_map(document, version=1)
    contract = account_map.money["sale"].balance
    goods = account_map.money["sale"].against["deferred"]
    redeemed = account_map.money["sale"].against["spent"]

    def points(account: str) -> tuple[str, str]:
        return (account_map.of_points(account, "sale"), "points")

    return Head(
        export=Export(
            number=12,
            since=date(2026, 1, 1),
            until=date(2026, 2, 1),
            format=format_,
            language="zh" if language == "zh" else "en",
            map=map_,
            map_version=1,
            provisional=True,
            requested_at=datetime(2026, 2, 3, 9, tzinfo=UTC),
            actor="staff:1",
            file=None,
        ),
        account_map=account_map,
        currency="USD",
        seen="7/10:10:/",
        stands=Stands(
            opening={points("available"): -40, points("issued"): 40},
            closing={
                points("available"): -110,
                points("issued"): 140,
                points("redeemed"): -30,
                (contract, "USD"): -6076,
                (goods, "USD"): 8676,
                (redeemed, "USD"): -2600,
            },
        ),
    )


def entries(head_: Head) -> list[Entry]:
    """An earn, its activation, a spend of part of it, and the month's money."""
    account_map = head_.account_map
    code = account_map.of_points

    def points(debit: str, credit: str, amount: int) -> tuple[Line, Line]:
        return (
            Line(code(debit, "sale"), "points", amount, debit, "sale", LOT),
            Line(code(credit, "sale"), "points", -amount, credit, "sale", LOT),
        )

    sale = account_map.money["sale"]
    events = [
        ("earn", 3, points("issued", "pending", 100)),
        ("activate", 17, points("pending", "available", 100)),
        ("spend", 20, points("available", "redeemed", 30)),
    ]
    made = [
        Entry(
            number=number,
            booked_on=date(2026, 1, on),
            effective_at=datetime(2026, 1, on, 12, tzinfo=UTC),
            journal=journal(number),
            kind=kind,
            reason="order",
            order=ORDER,
            lines=lines,
        )
        for number, (kind, on, lines) in enumerate(events, 1)
    ]
    money = [("deferred", sale.against["deferred"], 8676), ("spent", sale.against["spent"], -2600)]
    return made + [
        Entry(
            number=number,
            booked_on=date(2026, 1, 31),
            effective_at=None,
            journal=None,
            kind=f"money-{reason}",
            reason="sale-2026-01",
            order=None,
            lines=(
                Line(against, "USD", amount, reason, "sale", None),
                Line(sale.balance, "USD", -amount, reason, "sale", None),
            ),
        )
        for number, (reason, against, amount) in enumerate(money, 4)
    ]
