-- Prints the part of extensions.tsv that describes the extension :'name', which must be installed. Rows begin with a letter:
-- E extension; T type, category, preferred, kind; F, O, C, P as functions.tsv, operators.tsv, casts.tsv and opclasses.tsv;
-- R relation (its views and tables).
WITH type AS (
  SELECT t.oid, CASE WHEN t.typcategory = 'A' AND e.oid IS NOT NULL AND t.typlen = -1 AND e.typarray = t.oid
                     THEN e.typname || '[]' ELSE t.typname END AS name
  FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
), member AS (
  SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
  WHERE d.deptype = 'e' AND x.extname = :'name'
), row AS (
  SELECT 1 AS part, '' AS k, 0::oid AS o, 'E' || E'\t' || :'name' AS line
  UNION ALL
  SELECT 2, t.typname, t.oid, concat_ws(E'\t', 'T', t.typname, t.typcategory, t.typispreferred::int, t.typtype, CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, NULL) END)
  FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
  WHERE NOT (t.typcategory = 'A' AND t.typlen = -1) AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
  UNION ALL
  SELECT 3, p.proname, p.oid, concat_ws(E'\t', 'F', p.proname, p.prokind::text || p.provolatile::text,
    CASE WHEN p.proretset THEN '*' ELSE '' END || (SELECT name FROM type WHERE oid = p.prorettype),
    p.pronargdefaults::text || CASE WHEN p.provariadic <> 0 THEN 'v' ELSE '' END,
    coalesce((SELECT string_agg(type.name, ' ' ORDER BY a.n) FROM unnest(p.proargtypes) WITH ORDINALITY a(t, n) JOIN type ON type.oid = a.t), ''),
    CASE WHEN p.pronargdefaults > 0 THEN
      (SELECT string_agg(coalesce(nullif(p.proargnames[i], ''), '-'), ' ' ORDER BY i) FROM generate_series(1, p.pronargs) i WHERE p.proargnames IS NOT NULL) ELSE '' END,
    (SELECT string_agg(p.proargnames[i] || ':' || type.name, ' ' ORDER BY i)
     FROM generate_subscripts(p.proargmodes, 1) i JOIN type ON type.oid = p.proallargtypes[i] WHERE p.proargmodes[i] IN ('o', 'b', 't')))
  FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
  UNION ALL
  SELECT 4, o.oprname, o.oid, concat_ws(E'\t', 'O', o.oprname, coalesce(l.name, '-'), r.name, t.name, p.provolatile)
  FROM pg_operator o JOIN member m ON m.classid = 'pg_operator'::regclass AND m.objid = o.oid
  LEFT JOIN type l ON l.oid = o.oprleft JOIN type r ON r.oid = o.oprright JOIN type t ON t.oid = o.oprresult JOIN pg_proc p ON p.oid = o.oprcode
  UNION ALL
  SELECT 5, s.name, c.oid, concat_ws(E'\t', 'C', s.name, t.name, c.castcontext, c.castmethod, coalesce(p.pronargs, 0), coalesce(p.provolatile, 'i'))
  FROM pg_cast c JOIN member m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
  JOIN type s ON s.oid = c.castsource JOIN type t ON t.oid = c.casttarget LEFT JOIN pg_proc p ON p.oid = c.castfunc
  UNION ALL
  SELECT 6, a.amname || c.opcname, c.oid, concat_ws(E'\t', 'P', a.amname, c.opcname, t.name, c.opcdefault::int)
  FROM pg_opclass c JOIN member m ON m.classid = 'pg_opclass'::regclass AND m.objid = c.oid JOIN pg_am a ON a.oid = c.opcmethod JOIN type t ON t.oid = c.opcintype
  UNION ALL
  SELECT 7, c.relname, c.oid, concat_ws(E'\t', 'R', c.relname, c.relkind)
  FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid WHERE c.relkind IN ('r', 'v', 'f', 'm')
)
SELECT line FROM row ORDER BY part, k COLLATE "C", o
