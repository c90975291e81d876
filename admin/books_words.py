"""Codes of the books in finance's words: lines of the roll-forwards, periods, items, exports."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from admin.words import N_
from ledger import Component, LotClass, PeriodState
from loyalty.books import Method, MoneyReason, Treatment
from loyalty.exports import Format
from loyalty.reconciliation import ClearingReason, ItemKind, Leg, ReopeningReason

COMPONENTS: Final[Mapping[Component, tuple[str, int]]] = MappingProxyType(
    {
        Component.IMPORTED: (N_("Opening balances brought in"), 1),
        Component.EARNED: (N_("Earned"), 1),
        Component.SPENT: (N_("Spent"), -1),
        Component.RESTORED: (N_("Restored by returns"), 1),
        Component.EXPIRED: (N_("Expired"), -1),
        Component.CLAWED_BACK: (N_("Clawed back from returns"), -1),
        Component.ADJUSTED: (N_("Adjusted by hand"), 1),
        Component.WRITTEN_OFF: (N_("Debt written off"), 1),
        Component.MOVED: (N_("Moved in merges"), 1),
        Component.REPAID: (N_("Taken for debt"), 1),
    }
)
"""Each line between opening and closing, and whether its figure is added or taken off."""

ALWAYS: Final = frozenset(
    {Component.EARNED, Component.SPENT, Component.RESTORED, Component.EXPIRED}
)
"""Lines that stand there even when nothing moved."""

MONEY_REASONS: Final[Mapping[MoneyReason, str]] = MappingProxyType(
    {
        MoneyReason.DEFERRED: N_("Deferred"),
        MoneyReason.SPENT: N_("Recognised on spending"),
        MoneyReason.ENDED: N_("Released at the end of a cohort"),
        MoneyReason.ESTIMATE: N_("Change of estimate"),
        MoneyReason.RETURNED: N_("Reversed by returns of earning orders"),
        MoneyReason.UNDONE: N_("Recognition undone by returns of spending orders"),
    }
)

TREATMENTS: Final[Mapping[Treatment, str]] = MappingProxyType(
    {
        Treatment.DEFERRED: N_("Contract liability: revenue when the points are spent"),
        Treatment.AT_SPENDING: N_("Nothing at grant: the order that spends them brings less"),
        Treatment.AT_GRANT: N_("Provision: less revenue of the order made good"),
        Treatment.PAYABLE: N_("Paid by a partner, owed until spent"),
    }
)

METHODS: Final[Mapping[Method, str]] = MappingProxyType(
    {
        Method.HISTORY: N_("Redemption of earlier cohorts at the same age"),
        Method.COHORT_CURVE: N_("A curve fitted to earlier cohorts"),
        Method.PEERS: N_("Programmes like this one"),
        Method.JUDGEMENT: N_("Judgement of people who know"),
    }
)

PERIOD_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        PeriodState.OPEN.value: (N_("Open"), "good"),
        PeriodState.CLOSING.value: (N_("Closing"), "warn"),
        PeriodState.CLOSED.value: (N_("Closed"), ""),
    }
)

REPORTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "movements": N_("Stripe's activity"),
        "payouts": N_("Stripe's payouts"),
        "own": N_("The shop's own fees"),
    }
)
"""Reports of whoever bills that are taken in."""

LEGS: Final[Mapping[Leg, str]] = MappingProxyType(
    {
        Leg.ORDERS_LEDGER: N_("Orders and ledger"),
        Leg.SHOP_ORDERS: N_("The shop's list and orders"),
        Leg.BILLER_FEES: N_("What was billed and memberships"),
        Leg.PAYOUTS_MOVEMENTS: N_("Payouts and what they were made of"),
    }
)

SIDES: Final[Mapping[Leg, tuple[str, str]]] = MappingProxyType(
    {
        Leg.ORDERS_LEDGER: (N_("Orders"), N_("Ledger")),
        Leg.SHOP_ORDERS: (N_("Shop"), N_("Orders")),
        Leg.BILLER_FEES: (N_("Billed"), N_("Memberships")),
        Leg.PAYOUTS_MOVEMENTS: (N_("Payouts"), N_("Movements")),
    }
)

ITEM_KINDS: Final[Mapping[ItemKind, str]] = MappingProxyType(
    {
        ItemKind.MISSING_IN_LEDGER: N_("Missing in the ledger"),
        ItemKind.MISSING_IN_ORDERS: N_("No order says so"),
        ItemKind.AMOUNT_DIFFERS: N_("Points differ"),
        ItemKind.TIMING: N_("In another month"),
        ItemKind.MISSING_IN_PROGRAMME: N_("The shop never reported it"),
        ItemKind.MISSING_AT_SHOP: N_("Not in the shop's list"),
        ItemKind.MONEY_DIFFERS: N_("Money differs"),
        ItemKind.STATUS_DIFFERS: N_("State differs"),
        ItemKind.MISSING_IN_MEMBERSHIPS: N_("No membership has it"),
        ItemKind.MISSING_AT_BILLER: N_("Not in the report of who bills"),
        ItemKind.CURRENCY_DIFFERS: N_("Currency differs"),
        ItemKind.MISSING_IN_MOVEMENTS: N_("No movement was paid out with it"),
    }
)

STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "earn": N_("Earned"),
        "capture": N_("Spent"),
        "claw-back": N_("Clawed back"),
        "restore": N_("Restored"),
        "hold": N_("Set aside"),
        "release": N_("Given back"),
        "completed": N_("Completed"),
        "returned": N_("Returned"),
        "status": N_("State"),
        "billed": N_("Billed"),
        "billed-tax": N_("Tax billed"),
        "refunded": N_("Refunded"),
        "refunded-tax": N_("Tax refunded"),
        "disputed": N_("Disputed"),
        "disputed-tax": N_("Tax disputed"),
        "reinstated": N_("Reinstated"),
        "reinstated-tax": N_("Tax reinstated"),
        "payout": N_("Paid out"),
        "": N_("Other"),
    }
)

CLEARING_REASONS: Final[Mapping[ClearingReason, str]] = MappingProxyType(
    {
        ClearingReason.TIMING: N_("Only the months differ"),
        ClearingReason.CORRECTED_BY_SHOP: N_("The shop has corrected it"),
        ClearingReason.CORRECTED_HERE: N_("Corrected here"),
        ClearingReason.KNOWN_DIFFERENCE: N_("A known difference"),
        ClearingReason.ACCEPTED: N_("Looked at and accepted"),
    }
)

REOPENING_REASONS: Final[Mapping[ReopeningReason, str]] = MappingProxyType(
    {
        ReopeningReason.MISTAKE: N_("Another difference was meant"),
        ReopeningReason.DISPROVED: N_("It turned out to be wrong"),
        ReopeningReason.AUDIT: N_("An auditor asks for more"),
    }
)

FORMATS: Final[Mapping[Format, str]] = MappingProxyType(
    {
        Format.XLSX: N_("Excel workbook"),
        Format.CSV: N_("CSV"),
        Format.HLEDGER: N_("hledger journal"),
    }
)

DEBT_HAS_NO_CLASS: Final = N_("Debt, which has no class")
NO_TIER: Final = N_("Born without a tier, and debt")
CLASS_ORDER: Final = tuple(LotClass)

PROMISES: Final = (
    N_("wallet counters equal the transfers of the journal"),
    N_("wallet counters equal lots and holds, and know what time does next"),
    N_("lots equal the transfers that name them"),
    N_("lots are what their journal says they were born as"),
    N_("slices equal their transfers, and what was undone of them"),
    N_("holds equal what was set aside, taken and given back"),
    N_("nothing is taken back twice"),
    N_("every business key stands for its journal's content"),
    N_("canonical texts say what journals and transfers say"),
    N_("journals are numbered without a gap and running balances add up"),
    N_("what leaves one wallet for another arrives there"),
    N_("the rollup equals its journals"),
    N_("months follow each other, and nothing was booked into one after it ended"),
)
"""What the ledger proves, as the proof names it; other proofs are named by their code."""
