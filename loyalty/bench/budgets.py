"""The budgets that bind, with the figures of the design."""

from typing import Final

from loyalty.bench.figures import AT_LEAST, AT_MOST, Budget

PGBENCH: Final = "x pgbench"
BARE: Final = "x bare endpoint"

EARN: Final = Budget(
    "earn", AT_LEAST, 1.2, PGBENCH, "earns a second, 8 clients, one programme account in all"
)
SPEND_ONE: Final = Budget(
    "spend-one-lot", AT_LEAST, 0.7, PGBENCH, "spends a second that touch one lot of 50 open"
)
SPEND_ALL: Final = Budget(
    "spend-all-lots", AT_LEAST, 0.15, PGBENCH, "spends a second that use up all 50 lots"
)
EARN_FLAT: Final = Budget(
    "earn-flat", AT_MOST, 1.2, "x 10,000 journals", "cost of an earn in books of 10 million"
)
SPEND_FLAT: Final = Budget(
    "spend-flat", AT_MOST, 1.2, "x 10,000 journals", "cost of a spend in books of 10 million"
)
QUOTE: Final = Budget(
    "quote", AT_LEAST, 0.5, BARE, "quotes a second: 20 lines, 1,000 rules, 100,000 members"
)
QUOTE_P99: Final = Budget("quote-p99", AT_MOST, 2.0, BARE, "p99 of a quote at 16 connections")
QUOTE_RULES: Final = Budget(
    "quote-rules", AT_MOST, 1.3, "x 10 rules", "time of a quote with 1,000 rules beside 10"
)
COMPLETE: Final = Budget(
    "complete", AT_LEAST, 0.15, PGBENCH, "shipments completed a second over HTTP"
)
IMPORT: Final = Budget("import", AT_MOST, 40.0, "s", "the demo's 1,469,307 lines of history")
IMPORT_MEMORY: Final = Budget(
    "import-memory", AT_MOST, 1.2, "x half the file", "peak memory of the import's processes"
)
WALLET: Final = Budget(
    "wallet", AT_MOST, 1.2, "x 10 movements", "time of a wallet with 10,000 movements"
)
STATEMENT: Final = Budget(
    "statement", AT_MOST, 1.2, "x 10 movements", "time of a statement page, 10,000 movements"
)
VERIFY: Final = Budget(
    "verify-balances", AT_LEAST, 1_000_000, "rows/s", "transfers held against wallets"
)
GROUPED: Final = "x one GROUP BY"
TIERS_DECIDE: Final = Budget(
    "tiers-decide", AT_MOST, 4.0, GROUPED, "deciding 1,000,000 standings, 10,000,000 activity rows"
)
TIERS_PREVIEW: Final = Budget(
    "tiers-preview", AT_MOST, 4.0, GROUPED, "placing all members by their whole history"
)
TIERS_WRITE: Final = Budget(
    "tiers-write", AT_MOST, 1.0, GROUPED, "each 100,000 changes written, beside deciding them"
)
SELECT: Final = Budget(
    "select-matches", AT_MOST, 10.0, "x one scan", "orders of a draft rule among 1,000,000 lines"
)
SECOND_START: Final = Budget("demo-second-start", AT_MOST, 5.0, "s", "a demo that is there serves")
