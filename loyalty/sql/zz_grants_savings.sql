-- What the application role may do with plans that are tried: what was asked and what came of it are
-- added and never changed.
grant select, insert on loyalty.plan_run, loyalty.plan_run_result to :application;
