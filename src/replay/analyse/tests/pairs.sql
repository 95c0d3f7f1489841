-- What the server says of two columns of t: whether the one's values can be assigned and cast to the other's type, whether a
-- foreign key may lead from the one to the other, and which access methods have a default operator class.
CREATE FUNCTION possible(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'ZZ001';
  EXCEPTION WHEN SQLSTATE 'ZZ001' THEN RETURN 'y'; WHEN OTHERS THEN RETURN 'n';
  END;
END $$;
CREATE FUNCTION pair(a text, b text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN possible(format('EXPLAIN INSERT INTO t (%I) SELECT %I FROM t', b, a))
    || possible(format('EXPLAIN SELECT %I::%s FROM t', a, (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = b)))
    || possible(format('ALTER TABLE t ADD UNIQUE (%2$I); ALTER TABLE t ADD FOREIGN KEY (%1$I) REFERENCES t (%2$I)', a, b));
END $$;
CREATE FUNCTION methods(a text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(possible(format('CREATE INDEX ON t USING %s (%I)', m, a)), '' ORDER BY o)
  FROM unnest(ARRAY['btree', 'hash', 'gist', 'gin', 'spgist', 'brin']) WITH ORDINALITY x(m, o);
$$;
