-- What the application role may do with rewards. Versions and changes of stock are added and never
-- changed; an order is fulfilled, and cancelled by a function that gives its stock back; what is
-- taken moves by functions alone.
grant select, insert on loyalty.reward, loyalty.reward_version, loyalty.reward_order
    to :application;
grant update (retired_at, draft, draft_tax_class, draft_tax_chosen_by, draft_changed_at)
    on loyalty.reward to :application;
grant select, insert on loyalty.reward_shelf to :application;
grant update (version) on loyalty.reward_shelf to :application;
grant select on loyalty.reward_stock_change, loyalty.reward_period to :application;
grant select, insert, update, delete on loyalty.reward_allowance to :application;
grant update (state, fulfilled_at, fulfilment) on loyalty.reward_order to :application;

revoke execute on function
    loyalty.count_reward(loyalty.reward_order, text, timestamptz, timestamptz, bigint),
    loyalty.take_reward(uuid, uuid, jsonb),
    loyalty.cancel_reward_order(uuid, uuid, timestamptz, text, boolean),
    loyalty.stock_reward(uuid, uuid, bigint, text, text, timestamptz, text, text)
    from public;
grant execute on function
    loyalty.take_reward(uuid, uuid, jsonb),
    loyalty.cancel_reward_order(uuid, uuid, timestamptz, text, boolean),
    loyalty.stock_reward(uuid, uuid, bigint, text, text, timestamptz, text, text)
    to :application;
