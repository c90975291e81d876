"""How many points a person may move by hand in a day: by their role, as the policy says."""

from admin.reasons import by_hand
from admin.visit import Visit
from loyalty.staff import Role


def limiting_role(visit: Visit) -> str:
    """The role whose daily limit counts: of the person's roles, the one with the higher limit."""
    limits = visit.policy.adjustment_limits
    mine = [role.value for role in Role if visit.may(role)]
    return max(mine, key=lambda role: limits.get(role, 0))


def daily_limit(visit: Visit) -> int:
    """How many points that is."""
    return visit.policy.adjustment_limits.get(limiting_role(visit), 0)


def reason_choices(visit: Visit) -> list[tuple[str, str]]:
    """The reasons that the policy lists, to choose from."""
    return [(code, by_hand(visit.voice, code)) for code in visit.policy.adjustment_reasons]
