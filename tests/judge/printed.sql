-- What a printed schema must give besides the facts of `catalog.sql`, in the server's own words.
WITH ns AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\_toast%' AND nspname NOT LIKE 'pg\_temp%'
), ext AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), rel AS (
  SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind, c.reloptions, c.relpartbound, c.relispartition, c.relpersistence, c.reloftype
  FROM pg_class c JOIN ns n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (SELECT 1 FROM ext WHERE classid = 'pg_class'::regclass AND objid = c.oid)
), facts(key, value) AS (
  SELECT 'schema ' || nspname, 'there' FROM ns
  UNION ALL SELECT 'extension ' || e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  UNION ALL SELECT 'table ' || name || ' query', pg_get_viewdef(oid) FROM rel WHERE relkind IN ('v', 'm')
  UNION ALL SELECT 'table ' || name || ' options', array_to_string(reloptions, ' ') FROM rel WHERE relkind = 'v' AND reloptions IS NOT NULL
  UNION ALL SELECT 'table ' || name || ' bound', pg_get_expr(relpartbound, oid) FROM rel WHERE relispartition
  UNION ALL SELECT 'table ' || name || ' persistence', relpersistence::text FROM rel
  UNION ALL SELECT 'table ' || name || ' of', format_type(reloftype, NULL) FROM rel WHERE reloftype <> 0
  UNION ALL SELECT 'column ' || r.name || '.' || a.attname || ' parents', a.attislocal || ' ' || a.attinhcount
    FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT 'constraint ' || r.name || '.' || k.conname || ' parents',
      k.conislocal || ' ' || k.coninhcount || coalesce(' below ' || (SELECT p.conname FROM pg_constraint p WHERE p.oid = k.conparentid), '')
    FROM rel r JOIN pg_constraint k ON k.conrelid = r.oid WHERE k.contype <> 't'
  UNION ALL SELECT 'index ' || r.name || '.' || ic.relname || ' parents', i.indisvalid || coalesce(' ' || pi.inhparent::regclass, '')
    FROM rel r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class ic ON ic.oid = i.indexrelid LEFT JOIN pg_inherits pi ON pi.inhrelid = ic.oid
  UNION ALL SELECT 'index ' || r.name || '.' || ic.relname || ' comment', obj_description(ic.oid, 'pg_class')
    FROM rel r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class ic ON ic.oid = i.indexrelid WHERE obj_description(ic.oid, 'pg_class') IS NOT NULL
  UNION ALL SELECT 'trigger ' || r.name || '.' || t.tgname || ' definition', pg_get_triggerdef(t.oid)
    FROM rel r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
  UNION ALL SELECT 'policy ' || r.name || '.' || p.polname, 'there' FROM rel r JOIN pg_policy p ON p.polrelid = r.oid
  UNION ALL SELECT CASE p.prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END
      || n.nspname || '.' || p.proname || ' (' || pg_get_function_identity_arguments(p.oid) || ')',
      CASE WHEN p.prokind = 'a' THEN 'there' ELSE pg_get_functiondef(p.oid) END
    FROM pg_proc p JOIN ns n ON n.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT 1 FROM ext WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
  UNION ALL SELECT 'collation ' || n.nspname || '.' || c.collname, concat_ws(' ', collprovider, colliculocale, collcollate, collisdeterministic)
    FROM pg_collation c JOIN ns n ON n.oid = c.collnamespace
  UNION ALL SELECT 'type ' || n.nspname || '.' || t.typname || ' comment', obj_description(t.oid, 'pg_type')
    FROM pg_type t JOIN ns n ON n.oid = t.typnamespace WHERE obj_description(t.oid, 'pg_type') IS NOT NULL
  UNION ALL SELECT 'type ' || n.nspname || '.' || t.typname || ' collation', c.collname
    FROM pg_type t JOIN ns n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype JOIN pg_collation c ON c.oid = t.typcollation
    WHERE t.typcollation <> b.typcollation
  UNION ALL SELECT 'type ' || n.nspname || '.' || t.typname || ' kind', t.typtype::text || ' ' || t.typisdefined
    FROM pg_type t JOIN ns n ON n.oid = t.typnamespace WHERE t.typtype IN ('b', 'p', 'r', 'm') AND t.typelem = 0
      AND NOT EXISTS (SELECT 1 FROM ext WHERE classid = 'pg_type'::regclass AND objid = t.oid)
)
SELECT coalesce(json_object_agg(key, value ORDER BY key COLLATE "C"), '{}') FROM facts;
