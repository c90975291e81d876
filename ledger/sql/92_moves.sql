-- The proof, continued: what goes from one wallet to another.

-- Every journal of a move has its other half: the same lots and debt, the other way round. So what
-- is in transit is nothing, in each asset, and nothing but a move touches it.
CREATE OR REPLACE FUNCTION ledger.verify_moves()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    WITH half AS (
        SELECT j.holder, j.id, j.asset, j.refers_to, j.effective_at, f.facts ->> 1 AS other_holder,
            t.lots
        FROM ledger.journal AS j
        CROSS JOIN LATERAL (SELECT ledger.parsed(j.canonical) -> 17 AS facts OFFSET 0) AS f
        LEFT JOIN (
            SELECT holder, journal, jsonb_object_agg(coalesce(lot::text, 'debt'), amount) AS lots
            FROM (
                SELECT holder, journal, lot,
                    sum(CASE WHEN credit = 'in-transit' THEN amount ELSE -amount END) AS amount
                FROM ledger.transfer WHERE 'in-transit' IN (debit, credit)
                GROUP BY holder, journal, lot
            ) AS moved GROUP BY holder, journal
        ) AS t ON t.holder = j.holder AND t.journal = j.id
        WHERE j.kind = 'move'
    )
    (SELECT 'journal ' || a.id || ' of ' || a.holder, (a.asset, a.effective_at, a.lots)::text,
        (b.asset, b.effective_at, b.lots)::text
    FROM half AS a
    LEFT JOIN half AS b ON b.id = a.refers_to AND b.refers_to = a.id AND b.holder <> a.holder
    LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(m.key, -m.value::numeric) AS lots FROM jsonb_each_text(b.lots) AS m
    ) AS back ON true
    WHERE b.id IS NULL OR a.lots IS NULL
        OR (a.asset, a.effective_at, a.lots, a.other_holder)
            IS DISTINCT FROM (b.asset, b.effective_at, back.lots, b.holder::text)
    ORDER BY 1 LIMIT 1)
    UNION ALL
    (SELECT 'transfer ' || t.position || ' of journal ' || t.journal || ' of ' || t.holder,
        coalesce(j.kind, 'none'), 'move'
    FROM ledger.transfer AS t
    LEFT JOIN ledger.journal AS j ON j.holder = t.holder AND j.id = t.journal
    WHERE 'in-transit' IN (t.debit, t.credit) AND j.kind IS DISTINCT FROM 'move'
    ORDER BY 1 LIMIT 1)
    LIMIT 1
$$;
