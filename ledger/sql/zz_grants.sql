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
