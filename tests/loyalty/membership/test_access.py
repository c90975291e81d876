"""Reports in any order, at any time, against a plain model of who has access. No database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from loyalty.cause import SYSTEM, Cause
from loyalty.membership.external import paid_report
from loyalty.membership.facts import HeldPlan
from loyalty.membership.states import paid_until, project, report_of, settle, standing_of
from loyalty.membership.types import Membership, Report, ReportedCharge
from loyalty.plans.types import Plan, Price
from tests.support.requirements import sample

START = datetime(2026, 1, 1, tzinfo=UTC)
GRACE, MARGIN, MONTH = timedelta(days=7), timedelta(hours=2), timedelta(days=30)
PRICE = Price(UUID(int=1), "prime", "monthly", "month", 990, "inclusive", START)
PLAN = Plan(
    code="prime",
    adapter="external",
    titles={"en": "Prime"},
    currency="USD",
    tier_floor=None,
    trial_days=14,
    trial_needs_card=False,
    bonus_points=0,
    grace_days=7,
    margin_hours=2,
    refund_policy="none",
    withdrawal_days=14,
    opened_at=START,
    prices=(PRICE,),
)


class Reports(RuleBasedStateMachine):
    """A membership that is reported on; the model knows what is paid, and when it was cancelled."""

    def __init__(self) -> None:
        """Begin with a first month that was paid."""
        super().__init__()
        self.now = START
        first = Report(
            adapter="external",
            reference="SUB-1",
            member=UUID(int=2),
            price=PRICE.id,
            status="active",
            at=START,
            began_at=START,
            period_start=START,
            period_end=START + MONTH,
        )
        self.row = project(None, first, PLAN, new=UUID(int=3))
        self.paid_until = START + MONTH
        self.cancel_at: datetime | None = None
        self.over = False

    def ends_at(self) -> datetime:
        """When access ends if nothing more is reported."""
        grace = self.paid_until + GRACE
        return grace if self.cancel_at is None else min(self.cancel_at, grace)

    def alive(self) -> bool:
        """Whether time has not ended it."""
        self.over = self.over or self.now >= self.ends_at()
        return not self.over

    def apply(self, report: Report) -> None:
        """Project a report on what time has left of the row, as the database does."""
        self.row = project(settle(self.row, PLAN, self.now), report, PLAN, new=self.row.id)

    def settled(self) -> Membership:
        """The row as time has left it."""
        return settle(self.row, PLAN, self.now)

    @rule(hours=st.integers(1, 24 * 20))
    def wait(self, hours: int) -> None:
        """Let time pass, and nobody write down what it did."""
        self.alive()
        self.now += timedelta(hours=hours)

    @rule(hours=st.sampled_from((-1, 0, 1, 2, 3, 24, 24 * 7 - 1, 24 * 7)))
    def reach_the_end(self, hours: int) -> None:
        """Let time pass until what is paid ends, where most turns lie."""
        self.alive()
        self.now = max(self.now, self.paid_until + timedelta(hours=hours))

    @rule()
    def upkeep(self) -> None:
        """Write down what time has done: nobody may see a difference."""
        before = standing_of(self.row, PLAN, self.now)
        self.row = self.settled()
        assert standing_of(self.row, PLAN, self.now) == before

    @precondition(lambda self: self.alive())
    @rule(start=st.integers(-2, 2))
    def pay(self, start: int) -> None:
        """Pay for a month before, at or after the end of what is paid."""
        begins = self.paid_until + start * MONTH
        charge = ReportedCharge("P", begins, begins + MONTH, 916, 74, "USD", "renewal", self.now)
        self.apply(paid_report(self.settled(), Cause(self.now, SYSTEM, "test"), charge))
        if charge.ends_at > self.paid_until:
            self.paid_until = charge.ends_at
            if self.cancel_at is not None:
                self.cancel_at = max(self.cancel_at, charge.ends_at)

    @precondition(lambda self: self.alive() and self.row.past_due_since is None)
    @rule()
    def fail(self) -> None:
        """Report a failed payment: the grace counts from what is paid, whenever it failed."""
        since = paid_until(self.settled())
        report = report_of(self.settled(), self.now)
        self.apply(replace(report, status="past-due", past_due_since=since))

    @precondition(lambda self: self.alive() and self.now < self.paid_until)
    @rule()
    def cancel(self) -> None:
        """Ask for the end of what is paid, or ask again."""
        self.cancel_at = self.cancel_at or self.paid_until
        report = report_of(self.settled(), self.now)
        self.apply(replace(report, cancel_at=self.cancel_at, cancel_asked_at=self.now))

    @precondition(lambda self: self.alive() and self.cancel_at is not None)
    @rule()
    def undo(self) -> None:
        """Let it go on."""
        self.cancel_at = None
        report = report_of(self.settled(), self.now)
        self.apply(replace(report, cancel_at=None, cancel_asked_at=None))

    @rule()
    def repeat(self) -> None:
        """Report again what is there: nothing changes."""
        before = self.settled()
        self.apply(report_of(before, self.now))
        assert replace(self.row, fence=0) == replace(before, fence=0)

    @invariant()
    def access_is_what_the_model_says(self) -> None:
        """Access, the facts of rules, and the row agree at every moment."""
        standing = standing_of(self.row, PLAN, self.now)
        assert standing.access == self.alive()
        facts = HeldPlan(*(getattr(self.row, name) for name in HeldPlan.__slots__))
        assert facts.gives_access(self.now) == standing.access
        assert facts.state_at(self.now) == standing.state


Reports.TestCase.settings = settings(
    max_examples=sample(quick=150, full=2_000), stateful_step_count=30, deadline=None
)
TestReports = Reports.TestCase


def test_a_further_period_that_is_not_paid_gives_no_further_grace() -> None:
    paid = Report(
        adapter="stripe",
        reference="sub_1",
        member=UUID(int=2),
        price=PRICE.id,
        status="active",
        at=START,
        began_at=START,
        period_start=START,
        period_end=START + MONTH,
    )
    row, failed = project(None, paid, PLAN, new=UUID(int=3)), paid
    for periods in (1, 2, 3):
        begins = START + periods * MONTH
        failed = replace(paid, status="past-due", past_due_since=begins, at=begins + MARGIN)
        failed = replace(failed, period_start=begins, period_end=begins + MONTH)
        row = project(row, failed, PLAN, new=row.id)

    charge = ReportedCharge(
        "P", row.period_start or START, START + 4 * MONTH, 916, 74, "USD", "mend", row.access_until
    )
    mended = project(row, replace(failed, charges=(charge,)), PLAN, new=row.id)

    assert row.access_until == START + MONTH + GRACE
    assert mended.past_due_since == START + 3 * MONTH
