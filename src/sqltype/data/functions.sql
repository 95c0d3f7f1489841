-- Prints functions.tsv: the functions of pg_catalog. See README.md.
WITH type AS (
  SELECT t.oid, CASE WHEN t.typcategory = 'A' AND e.oid IS NOT NULL AND t.typlen = -1 AND e.typarray = t.oid
                     THEN e.typname || '[]' ELSE t.typname END AS name
  FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
)
SELECT concat_ws(E'\t', p.proname, p.prokind::text || p.provolatile::text,
  CASE WHEN p.proretset THEN '*' ELSE '' END || (SELECT name FROM type WHERE oid = p.prorettype),
  p.pronargdefaults::text || CASE WHEN p.provariadic <> 0 THEN 'v' ELSE '' END,
  coalesce((SELECT string_agg(type.name, ' ' ORDER BY a.n) FROM unnest(p.proargtypes) WITH ORDINALITY a(t, n) JOIN type ON type.oid = a.t), ''),
  CASE WHEN p.pronargdefaults > 0 OR p.proname IN ('make_date', 'make_time', 'make_timestamp', 'jsonb_set', 'regexp_count') THEN
    (SELECT string_agg(coalesce(nullif(p.proargnames[i], ''), '-'), ' ' ORDER BY i) FROM generate_series(1, p.pronargs) i WHERE p.proargnames IS NOT NULL) ELSE '' END,
  (SELECT string_agg(p.proargnames[i] || ':' || type.name, ' ' ORDER BY i)
   FROM generate_subscripts(p.proargmodes, 1) i JOIN type ON type.oid = p.proallargtypes[i] WHERE p.proargmodes[i] IN ('o', 'b', 't')))
FROM pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace
ORDER BY p.proname COLLATE "C", p.oid
