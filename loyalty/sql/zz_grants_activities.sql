-- What happened is added and never changed; a kind of event is retired, not removed.
grant select, insert on loyalty.activity, loyalty.activity_kind to :application;
grant update (retired_at) on loyalty.activity_kind to :application;
