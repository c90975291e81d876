"""Random lives of a wallet, step by step beside a plain model, with every promise proved."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncTransaction,
    create_async_engine,
)
from sqlalchemy.pool import NullPool

import ledger
from tests.ledger.building import Books, day
from tests.ledger.model import NEVER, Model
from tests.support.database import Clone
from tests.support.requirements import proving, sample

AMOUNTS = st.integers(1, 60)
DAYS = st.integers(0, 12)
LATER = st.one_of(st.none(), st.integers(1, 20))
GRACE = st.sampled_from([0, 0, 3])


def end(at: int, days: int | None) -> int:
    return NEVER if days is None else at + days


def known(moment: int) -> int | None:
    return None if moment >= NEVER else moment


class LifeOfAWallet(RuleBasedStateMachine):
    """Every rule posts to the ledger and to the model; both must say the same."""

    url: str

    earns = Bundle("earns")
    holds = Bundle("holds")
    spends = Bundle("spends")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.at = 0
        self.number = 0
        self.model = Model()

    @initialize()
    def open(self) -> None:
        self.run(self._open())

    async def _open(self) -> None:
        self.engine: AsyncEngine = create_async_engine(self.url, poolclass=NullPool)
        self.connection: AsyncConnection = await self.engine.connect()
        self.transaction: AsyncTransaction = await self.connection.begin()
        self.books = Books(self.connection)

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.run(self.transaction.rollback())
            self.run(self.connection.close())
            self.run(self.engine.dispose())
        self.runner.close()

    def run(self, action: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(action)

    def post(self, action: Coroutine[Any, Any, ledger.Outcome]) -> str:
        return str(self.run(action).code)

    def key(self) -> str:
        self.number += 1
        return f"key {self.number}"

    @rule(days=DAYS)
    def wait(self, days: int) -> None:
        self.at += days

    @rule(target=earns, amount=AMOUNTS, waits=LATER, lives=LATER)
    def earn(self, amount: int, waits: int | None, lives: int | None) -> str:
        key = self.key()
        activates = self.at + (waits or 0)
        expires = end(activates, lives)
        said = self.books.earn(
            key,
            amount,
            self.at,
            activates=activates if waits else None,
            expires=known(expires),
        )
        assert self.post(said) == self.model.earn(key, amount, self.at, activates, expires)
        return key

    @rule(target=earns, amount=AMOUNTS, lives=LATER)
    def earn_until_an_event(self, amount: int, lives: int | None) -> str:
        key = self.key()
        expires = end(self.at, lives)
        said = self.books.earn(key, amount, self.at, pending=True, expires=known(expires))
        assert self.post(said) == self.model.earn(key, amount, self.at, NEVER, expires)
        return key

    @rule(of=earns)
    def activate(self, of: str) -> None:
        assert self.post(self.books.activate(self.key(), of, self.at)) == self.model.activate(
            of, self.at
        )

    @rule(target=spends, amount=AMOUNTS, overdraw=st.booleans())
    def spend(self, amount: int, *, overdraw: bool) -> Any:
        key = self.key()
        code = self.post(self.books.spend(key, amount, self.at, overdraw=overdraw))
        assert code == self.model.spend(key, amount, self.at, overdraw=overdraw)
        return key if code == "posted" else multiple()

    @rule(target=holds, amount=AMOUNTS, lives=LATER)
    def hold(self, amount: int, lives: int | None) -> Any:
        key = self.key()
        until = end(self.at, lives)
        code = self.post(self.books.hold(key, amount, self.at, until=known(until)))
        assert code == self.model.hold(key, amount, self.at, until)
        return key if code == "posted" else multiple()

    @rule(
        target=spends,
        of=holds,
        amount=AMOUNTS,
        stay=st.booleans(),
        retake=st.booleans(),
        grace=GRACE,
    )
    def capture(self, of: str, amount: int, *, stay: bool, retake: bool, grace: int) -> Any:
        key = self.key()
        rest = ledger.Rest.STAY if stay else ledger.Rest.RELEASE
        code = self.post(
            self.books.capture(key, of, amount, self.at, rest=rest, retake=retake, grace_days=grace)
        )
        assert code == self.model.capture(
            key, of, amount, self.at, stay=stay, retake=retake, grace=grace
        )
        return key if code == "posted" else multiple()

    @rule(of=holds, amount=st.one_of(st.none(), AMOUNTS), grace=GRACE)
    def release(self, of: str, amount: int | None, grace: int) -> None:
        code = self.post(self.books.release(self.key(), of, amount, self.at, grace_days=grace))
        assert code == self.model.release(of, amount, self.at, grace)

    @rule(of=holds, lives=LATER)
    def extend(self, of: str, lives: int | None) -> None:
        until = end(self.at, lives)
        code = self.post(self.books.extend(self.key(), of, known(until), self.at))
        assert code == self.model.extend(of, until, self.at)

    @rule(of=earns, amount=AMOUNTS, policy=st.sampled_from(list(ledger.Shortfall)))
    def claw_back(self, of: str, amount: int, policy: ledger.Shortfall) -> None:
        code = self.post(self.books.claw_back(self.key(), of, amount, policy, self.at))
        assert code == self.model.claw_back(of, amount, policy, self.at)

    @rule(of=spends, amount=AMOUNTS, grace=GRACE)
    def restore(self, of: str, amount: int, grace: int) -> None:
        code = self.post(self.books.restore(self.key(), of, amount, self.at, grace_days=grace))
        assert code == self.model.restore(of, amount, self.at, grace)

    @rule(amount=st.integers(-60, 60).filter(bool), lives=LATER)
    def adjust(self, amount: int, lives: int | None) -> None:
        key = self.key()
        expires = end(self.at, lives)
        code = self.post(
            self.books.adjust(
                key,
                amount,
                self.at,
                expires_at=None if expires >= NEVER else day(expires),
            )
        )
        assert code == self.model.adjust(key, amount, self.at, expires)

    @rule(amount=AMOUNTS)
    def write_off(self, amount: int) -> None:
        code = self.post(self.books.write_off(self.key(), amount, self.at))
        assert code == self.model.write_off(amount, self.at)

    @rule(frozen=st.sampled_from([False, False, True]))
    def freeze(self, *, frozen: bool) -> None:
        code = self.post(self.books.freeze(self.key(), self.at, frozen=frozen))
        assert code == self.model.freeze(self.at, frozen=frozen)

    @rule(days=DAYS)
    def read_ahead_then_settle(self, days: int) -> None:
        """What a read derives for later is what settling then leaves, lot by lot."""
        self.at += days
        derived = self.run(self.books.counters(self.at))
        lots = self.run(ledger.lots(self.connection, self.books.holder, at=day(self.at)))
        self.run(self.books.settle(self.at))
        self.model.settle(self.at)
        assert derived == self.run(self.books.counters(self.at))
        assert lots == self.run(ledger.lots(self.connection, self.books.holder, at=day(self.at)))

    @invariant()
    def the_wallet_is_the_models(self) -> None:
        if not hasattr(self, "books"):
            return
        seen = self.run(self.books.counters(self.at))
        settled = self.run(self._settled_aside())
        self.model.settle(self.at)
        assert seen == self.model.counters()
        assert settled == seen

    @invariant()
    def every_promise_holds(self) -> None:
        if not hasattr(self, "books"):
            return
        assert list(self.run(ledger.verify(self.connection))) == []
        balance = self.run(ledger.trial_balance(self.connection, at=day(self.at)))
        assert balance.difference == 0

    async def _settled_aside(self) -> tuple[int, int, int, int]:
        """The counters that settling would leave, tried and taken back."""
        attempt = await self.connection.begin_nested()
        await self.books.settle(self.at)
        counters = await self.books.counters(self.at)
        await attempt.rollback()
        return counters


def test_a_wallet_lives_as_the_model_says(rolled_back: Clone) -> None:
    LifeOfAWallet.url = rolled_back.application.render_as_string(hide_password=False)
    machine = LifeOfAWallet.TestCase
    machine.settings = settings(
        max_examples=sample(quick=8, full=150),
        stateful_step_count=30,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
        if proving()
        else (Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    machine().runTest()
