-- Immutability is a grant: the application reads the books and calls these functions; it writes
-- nothing but the intake.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO :application;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO :application;
GRANT INSERT, DELETE ON ledger.intake TO :application;
GRANT EXECUTE ON FUNCTION ledger.post(jsonb, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.settle(uuid[], text, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.sweep(timestamptz, integer) TO :application;
GRANT EXECUTE ON FUNCTION ledger.lots_at(uuid, text, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.wallet_due(uuid, text, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.post_intake(uuid, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.roll_up() TO :application;
GRANT EXECUTE ON FUNCTION ledger.seen_now() TO :application;
GRANT EXECUTE ON FUNCTION ledger.daily_sums(text, date, date) TO :application;
GRANT EXECUTE ON FUNCTION ledger.account_sums(text, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.wallet_sums(text, timestamptz) TO :application;
GRANT EXECUTE ON FUNCTION ledger.account_entries(
    text, text, timestamptz, timestamptz, timestamptz, uuid, integer) TO :application;
GRANT EXECUTE ON FUNCTION
    ledger.verify_wallets(), ledger.verify_counters(), ledger.verify_lots(),
    ledger.verify_births(), ledger.verify_slices(), ledger.verify_holds(),
    ledger.verify_reversals(), ledger.verify_receipts(), ledger.verify_journals(),
    ledger.verify_sequences(), ledger.verify_rollup()
TO :application;
