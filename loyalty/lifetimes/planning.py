"""What a policy would make of points already earned. Pure.

Nobody's points end sooner than thirty days after the preview because of a change, unless they
would have ended by then anyway; inactivity is counted from the preview at the earliest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger import Birth, NewEnd, OpenLot
from loyalty.expiry import ExpiryKind, Term, end_of, last_day
from loyalty.policy import Policy

#: Time that members keep at least when their points are to end sooner.
NOTICE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Target:
    """The ends that a policy gives to points already earned, as of the day of the preview."""

    policy: Policy
    previewed_at: datetime
    soonest: datetime

    @classmethod
    def of(cls, policy: Policy, previewed_at: datetime) -> "Target":
        """Return the target of a preview."""
        return cls(policy, previewed_at, previewed_at + NOTICE)

    def term(self, birth: Birth) -> Term:
        """Return what the policy gives to points born so."""
        expiry = self.policy.expiry.of(birth.source)
        day = birth.earned_on
        if expiry.kind is ExpiryKind.ROLLING:
            day = max(day, self.policy.day_of(self.previewed_at))
        last = last_day(expiry, day)
        if last is not None and birth.activates_on is not None and last < birth.activates_on:
            last = last_day(expiry, birth.activates_on)
        if last is None:
            return Term()
        return Term(end_of(last, self.policy.zone), expiry.schedule, expiry.notice)

    def ends(self, births: Sequence[Birth]) -> list[NewEnd]:
        """Return the end for each birth, before anybody's time to use up points is minded."""
        return [NewEnd(birth=birth, ends_at=self.term(birth).expires_at) for birth in births]

    def moved(self, lot: OpenLot) -> Term | None:
        """Return what a lot is to live by from now on; None where nothing changes."""
        term = self.term(lot.birth)
        after = Term(self._kept(lot.ends_at, term.expires_at), term.schedule, term.notice)
        return None if after == Term(lot.ends_at, lot.schedule, lot.notice) else after

    def _kept(self, was: datetime | None, becomes: datetime | None) -> datetime | None:
        if becomes is None:
            return None
        ends_before = was is not None and self.previewed_at < was < self.soonest
        return max(becomes, was if ends_before and was is not None else self.soonest)
