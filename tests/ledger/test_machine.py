"""Random lives of wallets, step by step beside a plain model, with every promise proved.

Two holders, two assets, every operation; what was posted once answers the same again (I8).
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, multiple, precondition, rule

import ledger
from loyalty.ids import new_id
from tests.ledger.beside import BesideAModel, Named, Who
from tests.ledger.building import day
from tests.ledger.model import NEVER, Model
from tests.support.database import Clone
from tests.support.requirements import proving, sample

AMOUNTS = st.integers(1, 60)
DAYS = st.one_of(st.integers(0, 12), st.integers(0, 60))
LATER = st.one_of(st.none(), st.integers(1, 20))
FAR = st.one_of(st.none(), st.integers(1, 100))
GRACE = st.sampled_from([0, 0, 3])
SCHEDULES = st.sampled_from([None, None, "rolling"])
WALLETS = st.tuples(
    st.sampled_from([0, 0, 1]), st.sampled_from(["points", "points", "points", "growth"])
)


def end(at: int, days: int | None) -> int:
    return NEVER if days is None else at + days


def known(moment: int) -> int | None:
    return None if moment >= NEVER else moment


class LivesOfWallets(BesideAModel):
    """Every rule posts to the ledger and to the model; both must say the same."""

    earns = Bundle("earns")
    holds = Bundle("holds")
    spends = Bundle("spends")

    @rule(days=DAYS)
    def wait(self, days: int) -> None:
        self.at += days

    @rule(
        target=earns,
        who=WALLETS,
        amount=AMOUNTS,
        waits=LATER,
        lives=FAR,
        notice=st.booleans(),
        schedule=SCHEDULES,
    )
    def earn(
        self,
        who: Who,
        amount: int,
        waits: int | None,
        lives: int | None,
        schedule: str | None,
        *,
        notice: bool,
    ) -> Named:
        key = self.key()
        activates = self.at + (waits or 0)
        expires = end(activates, lives)
        self.lots[key] = new_id()
        self.both_say(
            who,
            lambda model: model.earn(
                key, amount, self.at, activates, expires, notice=notice, schedule=schedule
            ),
            self.books[who].earn(
                key,
                amount,
                self.at,
                lot=self.lots[key],
                activates=activates if waits else None,
                expires=known(expires),
                notice=notice,
                schedule=schedule,
            ),
        )
        return Named(who, key)

    @rule(target=earns, who=WALLETS, amount=AMOUNTS, lives=LATER)
    def earn_until_an_event(self, who: Who, amount: int, lives: int | None) -> Named:
        key = self.key()
        expires = end(self.at, lives)
        self.lots[key] = new_id()
        self.both_say(
            who,
            lambda model: model.earn(key, amount, self.at, NEVER, expires),
            self.books[who].earn(
                key, amount, self.at, lot=self.lots[key], pending=True, expires=known(expires)
            ),
        )
        return Named(who, key)

    @rule(of=earns)
    def activate(self, of: Named) -> None:
        self.both_say(
            of.who,
            lambda model: model.activate(of.key, self.at),
            self.books[of.who].activate(self.key(), of.key, self.at),
        )

    @rule(target=spends, who=WALLETS, amount=AMOUNTS, overdraw=st.booleans())
    def spend(self, who: Who, amount: int, *, overdraw: bool) -> Any:
        key = self.key()
        posted = self.both_say(
            who,
            lambda model: model.spend(key, amount, self.at, overdraw=overdraw),
            self.books[who].spend(key, amount, self.at, overdraw=overdraw),
        )
        return Named(who, key) if posted else multiple()

    @rule(target=holds, who=WALLETS, amount=AMOUNTS, lives=LATER)
    def hold(self, who: Who, amount: int, lives: int | None) -> Any:
        key = self.key()
        until = end(self.at, lives)
        posted = self.both_say(
            who,
            lambda model: model.hold(key, amount, self.at, until),
            self.books[who].hold(key, amount, self.at, until=known(until)),
        )
        return Named(who, key) if posted else multiple()

    @rule(
        target=spends,
        of=holds,
        amount=AMOUNTS,
        stay=st.booleans(),
        retake=st.booleans(),
        grace=GRACE,
    )
    def capture(self, of: Named, amount: int, *, stay: bool, retake: bool, grace: int) -> Any:
        key = self.key()
        rest = ledger.Rest.STAY if stay else ledger.Rest.RELEASE
        posted = self.both_say(
            of.who,
            lambda model: model.capture(
                key, of.key, amount, self.at, stay=stay, retake=retake, grace=grace
            ),
            self.books[of.who].capture(
                key, of.key, amount, self.at, rest=rest, retake=retake, grace_days=grace
            ),
        )
        return Named(of.who, key) if posted else multiple()

    @rule(of=holds, amount=st.one_of(st.none(), AMOUNTS), grace=GRACE)
    def release(self, of: Named, amount: int | None, grace: int) -> None:
        self.both_say(
            of.who,
            lambda model: model.release(of.key, amount, self.at, grace),
            self.books[of.who].release(self.key(), of.key, amount, self.at, grace_days=grace),
        )

    @rule(of=holds, lives=LATER)
    def extend(self, of: Named, lives: int | None) -> None:
        until = end(self.at, lives)
        self.both_say(
            of.who,
            lambda model: model.extend(of.key, until, self.at),
            self.books[of.who].extend(self.key(), of.key, known(until), self.at),
        )

    @rule(of=earns, amount=AMOUNTS, policy=st.sampled_from(list(ledger.Shortfall)))
    def claw_back(self, of: Named, amount: int, policy: ledger.Shortfall) -> None:
        self.both_say(
            of.who,
            lambda model: model.claw_back(of.key, amount, policy, self.at),
            self.books[of.who].claw_back(self.key(), of.key, amount, policy, self.at),
        )

    @rule(of=spends, amount=AMOUNTS, grace=GRACE)
    def restore(self, of: Named, amount: int, grace: int) -> None:
        self.both_say(
            of.who,
            lambda model: model.restore(of.key, amount, self.at, grace),
            self.books[of.who].restore(self.key(), of.key, amount, self.at, grace_days=grace),
        )

    @rule(who=WALLETS, amount=st.integers(-60, 60).filter(bool), lives=LATER)
    def adjust(self, who: Who, amount: int, lives: int | None) -> None:
        key = self.key()
        expires = end(self.at, lives)
        self.both_say(
            who,
            lambda model: model.adjust(key, amount, self.at, expires),
            self.books[who].adjust(
                key, amount, self.at, expires_at=None if expires >= NEVER else day(expires)
            ),
        )

    @rule(who=WALLETS, amount=AMOUNTS)
    def write_off(self, who: Who, amount: int) -> None:
        self.both_say(
            who,
            lambda model: model.write_off(amount, self.at),
            self.books[who].write_off(self.key(), amount, self.at),
        )

    @rule(who=WALLETS, frozen=st.sampled_from([False, False, True]))
    def freeze(self, who: Who, *, frozen: bool) -> None:
        self.both_say(
            who,
            lambda model: model.freeze(self.at, frozen=frozen),
            self.books[who].freeze(self.key(), self.at, frozen=frozen),
        )

    @rule(of=earns, also=earns, ago=st.sampled_from([0, 0, 10, 40]))
    def notify(self, of: Named, also: Named, ago: int) -> None:
        names = sorted({one.key for one in (of, also) if one.who == of.who})
        lots = [self.lots[name] for name in names]
        told = self.at - ago
        self.both_say(
            of.who,
            lambda model: model.notify(names, self.at, told),
            self.books[of.who].notify(self.key(), *lots, at=self.at, told=told),
        )

    @rule(
        of=earns, lives=FAR, schedule=SCHEDULES, notice=st.sampled_from([None, None, True, False])
    )
    def reschedule(
        self, of: Named, lives: int | None, schedule: str | None, *, notice: bool | None
    ) -> None:
        ends = end(self.at, lives)
        self.both_say(
            of.who,
            lambda model: model.reschedule(
                [of.key], ends, self.at, schedule=schedule, notice=notice
            ),
            self.books[of.who].reschedule(
                self.key(),
                self.lots[of.key],
                to=known(ends),
                at=self.at,
                schedule=schedule,
                notice=notice,
            ),
        )

    @rule(who=WALLETS, lives=FAR)
    def reschedule_all(self, who: Who, lives: int | None) -> None:
        ends = end(self.at, lives)
        self.both_say(
            who,
            lambda model: model.reschedule_all("rolling", ends, self.at),
            self.books[who].reschedule(self.key(), to=known(ends), at=self.at, schedule="rolling"),
        )

    @rule(who=WALLETS)
    def move(self, who: Who) -> None:
        other = self.other(who)
        self.both_say(
            who,
            lambda model: model.move(self.models[other], self.at),
            self.books[who].move(self.key(), self.books[other].holder, at=self.at),
        )

    @rule(of=earns, amount=AMOUNTS, policy=st.sampled_from(list(ledger.Shortfall)))
    def claw_back_after_a_move(self, of: Named, amount: int, policy: ledger.Shortfall) -> None:
        said = self.books[of.who].said(self.key(), self.at, of=of.key, amount=amount)
        self._claim(
            of.who,
            [of.key],
            lambda model: model.claw_back(of.key, amount, policy, self.at),
            ledger.ClawBack(**said, shortfall=policy),
        )

    @rule(of=earns)
    def activate_after_a_move(self, of: Named) -> None:
        said = self.books[of.who].said(self.key(), self.at, of=of.key)
        self._claim(
            of.who,
            [of.key],
            lambda model: model.activate(of.key, self.at),
            ledger.Activate(**said),
        )

    @rule(of=spends, amount=AMOUNTS, grace=GRACE)
    def restore_after_a_move(self, of: Named, amount: int, grace: int) -> None:
        said = self.books[of.who].said(self.key(), self.at, of=of.key, amount=amount)
        slices = self.models[of.who].spends[of.key]
        self._claim(
            of.who,
            sorted({part.lot.name for part in slices if part.lot is not None}),
            lambda model: model.restore(of.key, amount, self.at, grace),
            ledger.Restore(**said, grace_days=grace),
        )

    def _claim(
        self,
        who: Who,
        names: list[str],
        act: Callable[[Model], str],
        posting: ledger.Posting,
    ) -> None:
        other = self.other(who)
        survivor = self.books[other].holder

        def claim(home: Model) -> str:
            kept = deepcopy((home, self.models[other]))
            self.models[other].send(home, names, self.at)
            code = act(home)
            if code == "posted":
                home.send(self.models[other], None, self.at)
            else:
                self.models[who], self.models[other] = kept
            return code

        self.both_say(
            who, claim, self.books[who].recalled(posting, survivor, self.at), survivor=survivor
        )

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def post_again(self, data: st.DataObject) -> None:
        """What was posted answers the same, marked as a replay, and moves no row."""
        books, posting, survivor, first = data.draw(st.sampled_from(self.posted))
        before = self.rows()
        if isinstance(posting, ledger.Move):
            again = self.run(ledger.move(self.connection, [posting], at=day(self.at)))[0]
        elif survivor is not None:
            again = self.run(books.recalled(posting, survivor, self.at))
        else:
            again = self.run(books.post(posting, self.at))
        assert again.replayed
        assert replace(again, replayed=False) == first
        assert self.rows() == before

    @rule(who=WALLETS, days=DAYS)
    def read_ahead_then_settle(self, who: Who, days: int) -> None:
        """What a read derives for later is what settling then leaves, lot by lot."""
        self.at += days
        books = self.books[who]
        derived, lots = self.run(books.counters(self.at)), self.run(books.lots(self.at))
        self.run(books.settle(self.at))
        self.models[who].settle(self.at)
        assert derived == self.run(books.counters(self.at))
        assert lots == self.run(books.lots(self.at))


def test_a_wallet_lives_as_the_model_says(rolled_back: Clone) -> None:
    LivesOfWallets.url = rolled_back.application.render_as_string(hide_password=False)
    machine = LivesOfWallets.TestCase
    machine.settings = settings(
        max_examples=sample(quick=5, full=150),
        stateful_step_count=30,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
        if proving()
        else (Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    machine().runTest()
