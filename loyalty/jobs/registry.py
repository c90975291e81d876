"""Every job there is, by name, and when the periodic ones run."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from loyalty.billing.catalogue import keep_in_step
from loyalty.billing.inbox import JOB as HANDLE_STRIPE_EVENTS
from loyalty.billing.inbox import handle_events
from loyalty.billing.leaving import end_left_behind
from loyalty.billing.operations import finish_operations
from loyalty.billing.retrying import retry_refunds
from loyalty.billing.upkeep import COMPARE as COMPARE_WITH_STRIPE
from loyalty.billing.upkeep import compare_with_stripe, look_into_inbox, sweep_stripe_events
from loyalty.birthdays import issue_birthday_vouchers
from loyalty.books.closing import JOB as CLOSE_PERIOD
from loyalty.books.closing import finish_period
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.dry_runs.running import JOB as DRY_RUN_RULES
from loyalty.dry_runs.running import dry_run_rules
from loyalty.issuing.making import JOB as MAKE_VOUCHERS
from loyalty.issuing.making import make_batch
from loyalty.jobs import upkeep
from loyalty.lifetimes.moving import JOB as MOVE_ENDS_OF_POINTS
from loyalty.lifetimes.moving import move_ends_of_points
from loyalty.membership.upkeep import keep_memberships
from loyalty.orders.upkeep import release_overdue_holds
from loyalty.outbox import notify_expiring, tell_members
from loyalty.retention import forget_answers
from loyalty.reviews import review_tiers
from loyalty.savings.runs import JOB as TRY_PLAN
from loyalty.savings.runs import try_plan
from loyalty.verification import prove_as_asked, verify_books
from loyalty.verification.proving import JOB as PROVE_BOOKS_NOW

Work = Callable[..., Awaitable[object]]
"""Called with the application, the cause, and what was enqueued, by name."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that people start, such as replaying a draft rule."""

    name: str
    work: Work


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something that happens again and again; `period` is written as in crontab, in UTC."""

    name: str
    period: str
    work: Callable[[Application, Cause], Awaitable[object]]


PERIODIC: Final[tuple[Periodic, ...]] = (
    Periodic("settle-due-wallets", "* * * * *", upkeep.settle_due_wallets),
    Periodic("roll-up-ledger", "*/5 * * * *", upkeep.roll_up_ledger),
    Periodic("review-tiers", "10 * * * *", review_tiers),
    Periodic("release-overdue-holds", "* * * * *", release_overdue_holds),
    Periodic("issue-birthday-vouchers", "5 * * * *", issue_birthday_vouchers),
    Periodic("keep-memberships", "* * * * *", keep_memberships),
    Periodic("notify-expiring", "20 * * * *", notify_expiring),
    Periodic("tell-members", "* * * * *", tell_members),
    Periodic("verify-books", "20 2 * * *", verify_books),
    Periodic("forget-answers", "40 3 * * *", forget_answers),
    Periodic("look-into-stripe-inbox", "* * * * *", look_into_inbox),
    Periodic("keep-stripe-prices", "* * * * *", keep_in_step),
    Periodic("finish-stripe-operations", "* * * * *", finish_operations),
    Periodic("retry-stripe-refunds", "*/10 * * * *", retry_refunds),
    Periodic("end-left-stripe-subscriptions", "* * * * *", end_left_behind),
    Periodic("sweep-stripe-events", "25 * * * *", sweep_stripe_events),
    Periodic(COMPARE_WITH_STRIPE, "50 2 * * *", compare_with_stripe),
)

JOBS: Final[Mapping[str, Job]] = MappingProxyType(
    {
        HANDLE_STRIPE_EVENTS: Job(HANDLE_STRIPE_EVENTS, handle_events),
        MOVE_ENDS_OF_POINTS: Job(MOVE_ENDS_OF_POINTS, move_ends_of_points),
        DRY_RUN_RULES: Job(DRY_RUN_RULES, dry_run_rules),
        TRY_PLAN: Job(TRY_PLAN, try_plan),
        MAKE_VOUCHERS: Job(MAKE_VOUCHERS, make_batch),
        CLOSE_PERIOD: Job(CLOSE_PERIOD, finish_period),
        PROVE_BOOKS_NOW: Job(PROVE_BOOKS_NOW, prove_as_asked),
    }
)
