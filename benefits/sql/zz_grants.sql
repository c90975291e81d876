-- What the application may do in this schema: rules, rule sets and prices are written once and
-- never changed; vouchers move by the functions alone.
revoke all on all functions in schema benefits from public;
grant usage on schema benefits to :application;
grant select on all tables in schema benefits to :application;
grant insert on benefits.rule_version, benefits.rule_set, benefits.rule_set_rule,
    benefits.rule_switch to :application;
grant insert,
    update (rules, retired, groups, based_on, published, live_from, retired_at, authors)
    on benefits.rule_draft to :application;
grant insert, update (verdict, rule_set, reason, decided_at, decided_by)
    on benefits.rule_draft_review to :application;
grant insert on benefits.price_list, benefits.price to :application;
grant insert, update (retired_at) on benefits.voucher_definition to :application;
grant execute on function
    benefits.rule_draft_digest(jsonb, text[], jsonb),
    benefits.use_vouchers(text, uuid[], uuid[], uuid, uuid, timestamptz),
    benefits.void_voucher(uuid, uuid, timestamptz, text),
    benefits.void_batch(uuid, timestamptz, text),
    benefits.withdraw_vouchers(jsonb),
    benefits.pass_on_vouchers(uuid, uuid, timestamptz),
    benefits.issue_vouchers(jsonb, timestamptz),
    benefits.take_uses(jsonb),
    benefits.settle_uses(jsonb),
    benefits.claim_uses(uuid, uuid),
    benefits.record_uses(jsonb),
    benefits.pass_on_counters(uuid, uuid, timestamptz)
to :application;
