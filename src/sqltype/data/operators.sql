-- Prints operators.tsv: the operators of pg_catalog: name, left type (- for a prefix operator), right type, result, volatility.
WITH type AS (
  SELECT t.oid, CASE WHEN t.typcategory = 'A' AND e.oid IS NOT NULL AND t.typlen = -1 AND e.typarray = t.oid
                     THEN e.typname || '[]' ELSE t.typname END AS name
  FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
)
SELECT concat_ws(E'\t', o.oprname, coalesce(l.name, '-'), r.name, t.name, p.provolatile)
FROM pg_operator o LEFT JOIN type l ON l.oid = o.oprleft JOIN type r ON r.oid = o.oprright JOIN type t ON t.oid = o.oprresult
JOIN pg_proc p ON p.oid = o.oprcode
WHERE o.oprnamespace = 'pg_catalog'::regnamespace
ORDER BY o.oprname COLLATE "C", o.oid
