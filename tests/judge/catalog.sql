-- Every fact of the connected database under the keys that `schema::document::facts` uses, as one JSON object.
-- Objects of system schemas and of extensions are left out.
WITH ns AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\_toast%' AND nspname NOT LIKE 'pg\_temp%'
), ext AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), rel AS (
  SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind, c.relispartition
  FROM pg_class c JOIN ns n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (SELECT 1 FROM ext WHERE classid = 'pg_class'::regclass AND objid = c.oid)
), col AS (
  SELECT r.oid, r.name, r.relkind, a.*, row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum) AS position,
         pg_get_expr(d.adbin, d.adrelid) AS expr
  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
), facts(key, value) AS (
  SELECT 'table ' || name, relkind::text FROM rel
  UNION ALL SELECT 'table ' || name || ' comment', obj_description(oid, 'pg_class') FROM rel WHERE obj_description(oid, 'pg_class') IS NOT NULL
  UNION ALL SELECT 'table ' || r.name || ' unlogged', 'true' FROM rel r JOIN pg_class c USING (oid) WHERE c.relpersistence = 'u' AND r.relkind = 'r'
  UNION ALL SELECT 'table ' || name || ' partition by', pg_get_partkeydef(oid) FROM rel WHERE relkind = 'p'
  UNION ALL SELECT 'table ' || r.name || ' parents', string_agg(n.nspname || '.' || p.relname, ' ' ORDER BY i.inhseqno)
    FROM rel r JOIN pg_inherits i ON i.inhrelid = r.oid JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace GROUP BY r.name
  UNION ALL SELECT 'column ' || name || '.' || attname, position::text FROM col
  UNION ALL SELECT 'column ' || name || '.' || attname || ' type', format_type(atttypid, atttypmod) FROM col
  UNION ALL SELECT 'column ' || name || '.' || attname || ' not null', attnotnull::text FROM col
  UNION ALL SELECT 'column ' || name || '.' || attname || ' default', expr FROM col WHERE expr IS NOT NULL AND attgenerated = ''
  UNION ALL SELECT 'column ' || name || '.' || attname || ' generated', expr FROM col WHERE attgenerated <> ''
  UNION ALL SELECT 'column ' || name || '.' || attname || ' identity', attidentity::text FROM col WHERE attidentity <> ''
  UNION ALL SELECT 'column ' || c.name || '.' || c.attname || ' collation', co.collname FROM col c
    JOIN pg_collation co ON co.oid = c.attcollation JOIN pg_type t ON t.oid = c.atttypid
    WHERE c.attcollation <> t.typcollation AND c.relkind NOT IN ('v', 'm')
  UNION ALL SELECT 'column ' || name || '.' || attname || ' comment', col_description(oid, attnum) FROM col WHERE col_description(oid, attnum) IS NOT NULL
  UNION ALL SELECT 'constraint ' || r.name || '.' || k.conname, pg_get_constraintdef(k.oid) FROM rel r JOIN pg_constraint k ON k.conrelid = r.oid WHERE k.contype <> 't'
  UNION ALL SELECT 'constraint ' || r.name || '.' || k.conname || ' comment', obj_description(k.oid, 'pg_constraint')
    FROM rel r JOIN pg_constraint k ON k.conrelid = r.oid WHERE obj_description(k.oid, 'pg_constraint') IS NOT NULL
  UNION ALL SELECT 'index ' || r.name || '.' || ic.relname, regexp_replace(pg_get_indexdef(i.indexrelid), ' WITH \([^)]*\)', '')
    FROM rel r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class ic ON ic.oid = i.indexrelid
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
  UNION ALL SELECT 'trigger ' || r.name || '.' || t.tgname, p.proname FROM rel r JOIN pg_trigger t ON t.tgrelid = r.oid JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal
  UNION ALL SELECT 'sequence ' || n.nspname || '.' || c.relname,
      format_type(s.seqtypid, NULL) || ' start ' || s.seqstart || ' increment ' || s.seqincrement || ' min ' || s.seqmin || ' max ' || s.seqmax
      || ' cache ' || s.seqcache || ' cycle ' || s.seqcycle || ' owner '
      || coalesce((SELECT tn.nspname || '.' || t.relname || '.' || a.attname FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid
                   JOIN pg_namespace tn ON tn.oid = t.relnamespace JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
                   WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0), 'none')
    FROM pg_class c JOIN ns n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
    WHERE NOT EXISTS (SELECT 1 FROM ext WHERE classid = 'pg_class'::regclass AND objid = c.oid)
  UNION ALL SELECT 'type ' || n.nspname || '.' || t.typname, CASE t.typtype
      WHEN 'e' THEN 'enum ' || coalesce((SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), '')
      WHEN 'c' THEN 'composite ' || coalesce((SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ',' ORDER BY attnum)
                                              FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped), '')
      WHEN 'd' THEN 'domain ' || format_type(t.typbasetype, t.typtypmod) || ' not null ' || t.typnotnull
      WHEN 'r' THEN 'range ' || (SELECT format_type(rngsubtype, NULL) FROM pg_range WHERE rngtypid = t.oid) END
    FROM pg_type t JOIN ns n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
      AND NOT EXISTS (SELECT 1 FROM ext WHERE classid = 'pg_type'::regclass AND objid = t.oid)
  UNION ALL SELECT 'type ' || n.nspname || '.' || t.typname || ' default', pg_get_expr(t.typdefaultbin, 0) FROM pg_type t JOIN ns n ON n.oid = t.typnamespace
    WHERE t.typtype = 'd' AND t.typdefaultbin IS NOT NULL
  UNION ALL SELECT 'type ' || n.nspname || '.' || t.typname || ' check ' || k.conname, pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN ns n ON n.oid = t.typnamespace
)
SELECT coalesce(json_object_agg(key, value ORDER BY key COLLATE "C"), '{}') FROM facts;
