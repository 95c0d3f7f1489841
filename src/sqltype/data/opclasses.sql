-- Prints opclasses.tsv: access method, operator class, input type, whether it is the type's default.
SELECT concat_ws(E'\t', m.amname, c.opcname, CASE WHEN t.typcategory = 'A' AND e.typarray = t.oid THEN e.typname || '[]' ELSE t.typname END,
  c.opcdefault::int)
FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod JOIN pg_type t ON t.oid = c.opcintype LEFT JOIN pg_type e ON e.oid = t.typelem
WHERE c.opcnamespace = 'pg_catalog'::regnamespace
ORDER BY m.amname COLLATE "C", c.opcname COLLATE "C", t.typname COLLATE "C"
