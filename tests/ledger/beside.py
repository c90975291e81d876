"""A state machine that does everything twice: in the books, and in a plain model beside them.

After each step the wallets are the model's, the proof holds (invariants I1 to I7 and I9 of a
ledger), and a refusal has left every row as it was (I10).
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from sqlalchemy import text
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncTransaction,
    create_async_engine,
)
from sqlalchemy.pool import NullPool

import ledger
from loyalty.ids import new_id
from tests.ledger.building import Books, day
from tests.ledger.model import Model

ASSETS = ("points", "growth")
ROWS = " UNION ALL ".join(
    f"SELECT '{table} ' || md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), '')) AS digest"
    f" FROM ledger.{table} AS t"
    for table in ("wallet", "journal", "transfer", "lot", "slice", "hold", "receipt")
)
ROWS += " ORDER BY digest"  # parallel scans answer in any order

Who = tuple[int, str]
"""A holder's number, and an asset."""


class Named(NamedTuple):
    """A posting that later ones refer to: whose wallet, and its key."""

    who: Who
    key: str


class BesideAModel(RuleBasedStateMachine):
    """Two holders with two assets each; subclasses say what happens to them."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.at = 0
        self.number = 0
        self.models: dict[Who, Model] = {}
        self.books: dict[Who, Books] = {}
        self.lots: dict[str, Any] = {}
        self.posted: list[tuple[Books, ledger.Posting, Any, ledger.Outcome]] = []

    @initialize()
    def open(self) -> None:
        self.run(self._open())

    async def _open(self) -> None:
        self.engine: AsyncEngine = create_async_engine(self.url, poolclass=NullPool)
        self.connection: AsyncConnection = await self.engine.connect()
        self.transaction: AsyncTransaction = await self.connection.begin()
        for number, holder in enumerate((new_id(), new_id())):
            for asset in ASSETS:
                self.books[number, asset] = Books(self.connection, holder, asset)
                self.models[number, asset] = Model()

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.run(self.transaction.rollback())
            self.run(self.connection.close())
            self.run(self.engine.dispose())
        self.runner.close()

    def run(self, action: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(action)

    def key(self) -> str:
        self.number += 1
        return f"key {self.number}"

    def rows(self) -> list[Any]:
        return list(self.run(self.connection.execute(text(ROWS))).scalars())

    def other(self, who: Who) -> Who:
        return (1 - who[0], who[1])

    def both_say(
        self,
        who: Who,
        wanted: Callable[[Model], str],
        action: Coroutine[Any, Any, ledger.Outcome],
        *,
        survivor: Any = None,
    ) -> bool:
        """Do it in the model and in the books; whether it was posted. A refusal moves no row."""
        code = wanted(self.models[who])
        before: list[Any] = []
        if code != "posted":
            for books in self.books.values():
                self.run(books.settle(self.at))
            before = self.rows()
        outcome = self.run(action)
        assert outcome.code == code
        if code != "posted":
            assert self.rows() == before
        elif outcome.receipt is not None:
            said = self.books[who].last
            assert said is not None
            self.posted.append((self.books[who], said, survivor, outcome))
        return code == "posted"

    @invariant()
    def the_wallets_are_the_models(self) -> None:
        for who, books in self.books.items():
            seen = self.run(books.counters(self.at))
            settled = self.run(self._settled_aside(books))
            self.models[who].settle(self.at)
            assert seen == self.models[who].counters(), who
            assert settled == seen

    @invariant()
    def every_promise_holds(self) -> None:
        if not self.books:
            return
        assert list(self.run(ledger.verify(self.connection))) == []
        for asset in self._known_assets():
            balance = self.run(ledger.trial_balance(self.connection, at=day(self.at), asset=asset))
            transit = [
                line.balance
                for line in balance.programme_side
                if line.account is ledger.Account.IN_TRANSIT
            ]
            assert (balance.difference, transit) == (0, [0])

    def _known_assets(self) -> set[str]:
        holders = {books.holder for books in self.books.values()}
        known = [self.run(ledger.assets(self.connection, holder)) for holder in holders]
        return {asset for assets in known for asset in assets}

    async def _settled_aside(self, books: Books) -> tuple[int, int, int, int]:
        """The counters that settling would leave, tried and taken back."""
        attempt = await self.connection.begin_nested()
        await books.settle(self.at)
        counters = await books.counters(self.at)
        await attempt.rollback()
        return counters
