-- What the server makes of one expression: it is put where it belongs, printed, and taken back.
CREATE FUNCTION judge(place text, col text, expr text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE printed text; state text;
BEGIN
  BEGIN
    IF place = 'default' THEN
      EXECUTE format('ALTER TABLE t ALTER COLUMN %I SET DEFAULT %s', col, expr);
      SELECT pg_get_expr(d.adbin, d.adrelid) INTO printed FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        WHERE d.adrelid = 't'::regclass AND a.attname = col;
    ELSIF place = 'generated' THEN
      EXECUTE format('ALTER TABLE t ADD COLUMN generated__ %s GENERATED ALWAYS AS (%s) STORED', (SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = 't'::regclass AND attname = col), expr);
      SELECT pg_get_expr(d.adbin, d.adrelid) INTO printed FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        WHERE d.adrelid = 't'::regclass AND a.attname = 'generated__';
    ELSIF place = 'check' THEN
      EXECUTE format('ALTER TABLE t ADD CONSTRAINT c__ CHECK (%s)', expr);
      SELECT pg_get_constraintdef(oid) INTO printed FROM pg_constraint WHERE conname = 'c__';
    ELSIF place = 'query' THEN
      EXECUTE format('CREATE VIEW v__ AS %s', expr);
      SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) || ' | ' ||
        coalesce((SELECT string_agg(r, ' ' ORDER BY r COLLATE "C") FROM (SELECT DISTINCT c.relname || coalesce('.' || a.attname, '') AS r FROM pg_depend d
          JOIN pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass AND w.ev_class = 'v__'::regclass
          JOIN pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND c.oid <> w.ev_class
          LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0) x), '')
        INTO printed FROM pg_attribute WHERE attrelid = 'v__'::regclass AND attnum > 0;
    ELSIF place = 'predicate' THEN
      EXECUTE format('CREATE INDEX i__ ON t (id) WHERE %s', expr);
      SELECT pg_get_expr(indpred, indrelid) INTO printed FROM pg_index WHERE indexrelid = 'i__'::regclass;
    ELSE
      EXECUTE format('CREATE INDEX i__ ON t USING %s ((%s))', CASE place WHEN 'gin' THEN 'gin' ELSE 'btree' END, expr);
      printed := pg_get_indexdef('i__'::regclass, 1, true);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(printed, 'nothing');
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, printed = MESSAGE_TEXT;
  END;
  RETURN CASE WHEN state = 'ZZ001' THEN 'ok' ELSE state END || E'\x01' || printed;
END $$;
