-- Prints casts.tsv: the casts between types of pg_catalog: source, target, context (i, a, e), method (f, b, i), the
-- function's number of arguments, its volatility.
SELECT concat_ws(E'\t', s.typname, t.typname, c.castcontext, c.castmethod, coalesce(p.pronargs, 0), coalesce(p.provolatile, 'i'))
FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget LEFT JOIN pg_proc p ON p.oid = c.castfunc
WHERE s.typnamespace = 'pg_catalog'::regnamespace AND t.typnamespace = 'pg_catalog'::regnamespace
ORDER BY s.typname COLLATE "C", t.typname COLLATE "C"
