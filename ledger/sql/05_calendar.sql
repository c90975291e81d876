-- Days of the books: they are days of the programme's time zone, and a journal whose own day is in
-- a period that is closing or closed is booked on the first day of the open one (decision 0110).

-- The day on which a journal is booked; none stored is the day of its effective instant.
CREATE OR REPLACE FUNCTION ledger.booked_day(booked_on date, effective_at timestamptz, zone text)
RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT coalesce(booked_on, (effective_at AT TIME ZONE zone)::date) $$;

-- The instant at which a day begins.
CREATE OR REPLACE FUNCTION ledger.midnight(day date, zone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT day::timestamp AT TIME ZONE zone $$;

-- The time zone of the books.
CREATE OR REPLACE FUNCTION ledger.zone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT c.zone FROM ledger.calendar AS c $$;

-- A day in a text that no setting can render differently.
CREATE OR REPLACE FUNCTION ledger.shown(day date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT pg_catalog.substr(pg_catalog.to_json(day)::text, 2, 10) $$;

-- The canonical text of a journal that is booked on a day other than its own: version 2, with the
-- day as its last place.
CREATE OR REPLACE FUNCTION ledger.dated(canonical text, booked_on date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.overlay(
            pg_catalog.left(canonical, -1), '2', pg_catalog.length('["ledger/') + 1, 1)
        || ', "' || ledger.shown(booked_on) || '"]'
$$;
