"""Books with one of everything in them."""

import ledger
from loyalty.ids import new_id
from tests.ledger.building import Books


async def a_life(books: Books) -> None:
    """One of every operation, and what time does by itself."""
    await books.earn("a", 100, at=0, expires=30)
    await books.earn("b", 50, at=1, activates=5, expires=90)
    await books.hold("h", 60, at=2, until=9)
    await books.extend("e", "h", 12, at=3)
    await books.capture("c", "h", 40, at=4, rest=ledger.Rest.STAY)
    await books.spend("s", 20, at=6)
    await books.restore("r", "s", 5, at=7)
    await books.release("back", "h", 5, at=7)
    await books.claw_back("cb", "b", 10, "debt", at=8)
    await books.adjust("adj", 7, at=8)
    await books.freeze("f", at=8)
    await books.settle(40)
    await books.restore("late", "c", 10, at=41, grace_days=3)
    await books.hold("h2", 3, at=41)
    await books.freeze("thaw", at=42, frozen=False)
    await books.hold("h2", 3, at=42)
    told = new_id()
    await books.earn(
        "n", 30, at=42, lot=told, expires=120, notice=True, schedule="rolling", allocated=9
    )
    await books.notify("mail", told, at=80)
    await books.reschedule("activity", to=130, at=81, schedule="rolling")


async def a_merge(books: Books) -> None:
    """A wallet that goes to another holder, a claim that follows it, and the other's own debt."""
    gone = Books(books.connection, new_id(), books.asset)
    await gone.earn("a", 60, at=1, expires=200, labels={"tier": "gold"}, allocated=55)
    await gone.earn("b", 20, at=1, activates=150)
    await gone.spend("s", 15, at=2)
    await gone.move("merge", books.holder, at=90)
    claim = ledger.ClawBack(
        **gone.said("return", 91, of="a", amount=10), shortfall=ledger.Shortfall.DEBT
    )
    await gone.recalled(claim, books.holder, at=91)
    await books.spend("all", 500, at=92, overdraw=True)
    await books.write_off("off", 5, at=93)
