-- What the application role may do with being told: events are added and never changed, messages
-- move from state to state, our readers of the feed go on, and an era begins with an upgrade only.
revoke execute on function loyalty.feed_era() from public;
grant execute on function loyalty.feed_era() to :application;
grant select on loyalty.feed_cluster to :application;
grant select, update on loyalty.feed_reader to :application;
grant select, insert on loyalty.message to :application;
grant update (
    state, reason, language, attempts, uncertain, fence, queued_at, next_at, sent_at, answer
) on loyalty.message to :application;
