-- Immutability is a grant: the application reads the books and calls these functions; it writes
-- nothing but the intake.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO :application;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO :application;
GRANT INSERT, DELETE ON ledger.intake TO :application;
GRANT EXECUTE ON FUNCTION ledger.post(jsonb, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.post_one(jsonb, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.move(jsonb, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.post_recalled(jsonb, uuid, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.settle(uuid[], text, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.sweep(timestamptz, integer) TO :application;
GRANT EXECUTE ON FUNCTION ledger.lots_at(uuid, text, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.wallet_due(uuid, text, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.post_intake(uuid, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.roll_up(integer) TO :application;
GRANT EXECUTE ON FUNCTION ledger.seen_now() TO :application;
GRANT EXECUTE ON FUNCTION ledger.begins_on() TO :application;
GRANT EXECUTE ON FUNCTION ledger.answerable(text, timestamptz, date) TO :application;
GRANT EXECUTE ON FUNCTION ledger.found_books(text, date) TO :application;
GRANT EXECUTE ON FUNCTION ledger.begin_closing(date, timestamptz, text, text) TO :application;
GRANT EXECUTE ON FUNCTION ledger.is_drained(date) TO :application;
GRANT EXECUTE ON FUNCTION
    ledger.finish_closing(date, timestamptz, text, text, text, text) TO :application;
GRANT EXECUTE ON FUNCTION ledger.pairs_at(text, timestamptz, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.monthly_pairs(text, date, date, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.due_pairs(text, timestamptz, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.counters(text) TO :application;
GRANT EXECUTE ON FUNCTION
    ledger.ageing(text, timestamptz, timestamptz, integer[]) TO :application;
GRANT EXECUTE ON FUNCTION
    ledger.debts(text, timestamptz, timestamptz, uuid, integer) TO :application;
GRANT EXECUTE ON FUNCTION ledger.booked_entries(
    text, text, date, date, text, text, text, timestamptz, uuid, integer) TO :application;
GRANT EXECUTE ON FUNCTION
    ledger.balance_at(uuid, text, timestamptz, timestamptz, boolean) TO :application;
GRANT EXECUTE ON FUNCTION ledger.movements(
    uuid, text, timestamptz, timestamptz, timestamptz, timestamptz, bigint, integer)
    TO :application;
GRANT EXECUTE ON FUNCTION ledger.cohort_months(text, text, date, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.account_entries(
    text, text, timestamptz, timestamptz, timestamptz, uuid, integer) TO :application;
GRANT EXECUTE ON FUNCTION
    ledger.verify_wallets(), ledger.verify_counters(), ledger.verify_lots(),
    ledger.verify_births(), ledger.verify_slices(), ledger.verify_holds(),
    ledger.verify_reversals(), ledger.verify_receipts(), ledger.verify_journals(),
    ledger.verify_sequences(), ledger.verify_rollup(), ledger.verify_periods(), ledger.verify_moves()
TO :application;
