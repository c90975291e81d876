-- What the application role may do with dry runs: what was asked and what came of it are added and
-- never changed; only the progress of the work moves.
grant select, insert on loyalty.dry_run, loyalty.dry_run_result to :application;
grant select, insert on loyalty.dry_run_progress to :application;
grant update (selected, done) on loyalty.dry_run_progress to :application;

-- What a rule gave an order is added with the order and never changed.
grant select, insert on loyalty.order_rule to :application;
