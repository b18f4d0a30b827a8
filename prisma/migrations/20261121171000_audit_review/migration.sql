-- The audit log for reading: partitions by sequence, indexes for any filter, saved views (docs/adr/0024-the-log-in-parts.md).

-- Both come with PostgreSQL ("contrib") and are trusted: the owner of a database may make them. Without them all questions are answered, text and rare filters slower.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
  CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;
EXCEPTION WHEN undefined_file OR feature_not_supported OR insufficient_privilege OR undefined_object THEN
  RAISE WARNING 'pg_trgm and btree_gin cannot be made here (%): searching the audit log will be slow', SQLERRM;
END $$;

-- What the text filter looks in, in lower case: sentence, reason, who, and the beginning of what changed, without the plan's hash, which nobody looks for and every trigram is in.
-- What is not an entry (only tampering makes it) is searched as it stands, and never an error.
CREATE FUNCTION audit_search_text(bytes text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
  SELECT CASE WHEN bytes IS JSON OBJECT AND bytes !~* '\\u(0000|d[89a-f])' THEN (
    SELECT lower(coalesce(body->>'summary', '') || E'\n' || coalesce(body->>'reason', '') || E'\n' || coalesce(body->'actor'->>'name', '') || E'\n'
      || left(CASE jsonb_typeof(body->'after') WHEN 'object' THEN ((body->'after') - 'planHash')::text ELSE '' END, 1000) || E'\n' || left(coalesce(body->>'before', ''), 1000))
    FROM (SELECT bytes::jsonb->'body' AS body) parsed) ELSE lower(left(bytes, 4000)) END
$$;

-- Incidents and releases that an entry is about: {incident:12,release:214}.
CREATE FUNCTION audit_subjects(bytes text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
  SELECT CASE WHEN bytes IS JSON OBJECT AND bytes !~* '\\u(0000|d[89a-f])' THEN (
    SELECT array_remove(ARRAY[
      'incident:' || (body->'after'->>'incident'), 'release:' || (body->'after'->>'release'), 'release:' || (body->'before'->>'release'),
      CASE WHEN starts_with(body->>'action', 'incident.') THEN 'incident:' || (body->'after'->>'number') END,
      CASE WHEN body->>'action' = 'incident.merge' THEN 'incident:' || (body->'after'->>'into') END], NULL)
    FROM (SELECT bytes::jsonb->'body' AS body) parsed) ELSE '{}'::text[] END
$$;

-- Partitions live in a schema of their own, in which their owner alone may create.
CREATE SCHEMA audit_log;
ALTER TABLE audit_entry RENAME TO entries_1;
ALTER TABLE entries_1 SET SCHEMA audit_log;
DROP INDEX audit_log.audit_entry_at_idx, audit_log.audit_entry_actor_idx, audit_log.audit_entry_action_idx, audit_log.audit_entry_environment_idx, audit_log.audit_entry_operation_idx;
CREATE TABLE audit_entry (LIKE audit_log.entries_1 INCLUDING DEFAULTS, PRIMARY KEY (sequence)) PARTITION BY RANGE (sequence);
CREATE INDEX audit_entry_at_idx ON audit_entry (at, sequence);
CREATE INDEX audit_entry_actor_idx ON audit_entry (actor_id, sequence);
CREATE INDEX audit_entry_action_idx ON audit_entry (action, sequence);
CREATE INDEX audit_entry_environment_idx ON audit_entry (environment, sequence);
CREATE INDEX audit_entry_outcome_idx ON audit_entry (outcome, sequence);
CREATE INDEX audit_entry_operation_idx ON audit_entry (operation_id, sequence DESC) WHERE operation_id IS NOT NULL;
DO $$
BEGIN
  IF (SELECT count(*) FROM pg_extension WHERE extname IN ('pg_trgm', 'btree_gin')) = 2 THEN
    CREATE INDEX audit_entry_review_idx ON audit_entry USING gin (audit_search_text(bytes) gin_trgm_ops, audit_subjects(bytes), big_pods, environment, outcome, action, actor_id) WITH (gin_pending_list_limit = 256);
  END IF;
END $$;
-- The last partition has no upper bound: an append never lacks a place, whether or not anybody makes partitions.
ALTER TABLE audit_entry ATTACH PARTITION audit_log.entries_1 FOR VALUES FROM (1) TO (MAXVALUE);
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only();

-- Closes the last partition at its newest entry and opens the next one. Not for the application: see audit_partition_roll.
CREATE FUNCTION audit_partition_close() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
  part text; low bigint; head bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(7310113);
  LOCK TABLE public.audit_entry IN ACCESS EXCLUSIVE MODE;
  SELECT c.oid::regclass::text, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''([0-9]+)''\)')::bigint INTO STRICT part, low
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.audit_entry'::regclass AND pg_get_expr(c.relpartbound, c.oid) LIKE '%TO (MAXVALUE)';
  SELECT max(e.sequence) INTO head FROM public.audit_entry e;
  IF head IS NULL OR head < low THEN RETURN NULL; END IF;
  EXECUTE format('ALTER TABLE public.audit_entry DETACH PARTITION %s', part);
  EXECUTE format('ALTER TABLE public.audit_entry ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', part, low, head + 1);
  EXECUTE format('CREATE TABLE audit_log.entries_%s (LIKE public.audit_entry INCLUDING DEFAULTS)', head + 1);
  EXECUTE format('ALTER TABLE public.audit_entry ATTACH PARTITION audit_log.entries_%s FOR VALUES FROM (%s) TO (MAXVALUE)', head + 1, head + 1);
  EXECUTE format('CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log.entries_%s FOR EACH STATEMENT EXECUTE FUNCTION public.audit_entry_is_append_only()', head + 1);
  RETURN head + 1;
END $$;

-- What the worker calls each minute: a partition ends with a million entries, or with the quarter in which it began. Gives up after 300 ms rather than keep an append waiting.
CREATE FUNCTION audit_partition_roll() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
  low bigint; began timestamptz; head bigint;
BEGIN
  SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''([0-9]+)''\)')::bigint INTO STRICT low
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.audit_entry'::regclass AND pg_get_expr(c.relpartbound, c.oid) LIKE '%TO (MAXVALUE)';
  SELECT e.at INTO began FROM public.audit_entry e WHERE e.sequence >= low ORDER BY e.sequence LIMIT 1;
  SELECT max(e.sequence) INTO head FROM public.audit_entry e;
  IF began IS NULL OR (head - low < 999999 AND date_trunc('quarter', began, 'UTC') >= date_trunc('quarter', clock_timestamp(), 'UTC')) THEN RETURN NULL; END IF;
  RETURN public.audit_partition_close();
END $$;

-- Lets the oldest partition go, once the log itself says where it was archived and with which last hash. Not for the application.
CREATE FUNCTION audit_partition_drop(low bigint, high bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  part text; last_hash text;
BEGIN
  PERFORM pg_advisory_xact_lock(7310113);
  SELECT c.oid::regclass::text INTO part FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.audit_entry'::regclass AND pg_get_expr(c.relpartbound, c.oid) = format('FOR VALUES FROM (''%s'') TO (''%s'')', low, high + 1);
  IF part IS NULL OR EXISTS (SELECT FROM public.audit_entry e WHERE e.sequence < low) THEN
    RAISE EXCEPTION 'entries % to % are not the oldest partition of the audit log', low, high;
  END IF;
  SELECT e.hash INTO last_hash FROM public.audit_entry e WHERE e.sequence = high;
  IF NOT EXISTS (SELECT FROM public.audit_entry e WHERE e.action = 'audit.archive' AND e.sequence > high
      AND (e.bytes::jsonb->'body'->'after'->>'to')::bigint = high AND e.bytes::jsonb->'body'->'after'->>'head' = last_hash) THEN
    RAISE EXCEPTION 'the audit log has no entry that says where entries % to % were archived', low, high;
  END IF;
  EXECUTE format('ALTER TABLE public.audit_entry DETACH PARTITION %s', part);
  EXECUTE format('DROP TABLE %s', part);
END $$;
REVOKE ALL ON FUNCTION audit_partition_close(), audit_partition_roll(), audit_partition_drop(bigint, bigint) FROM PUBLIC;

-- Views of the log that somebody gave a name: for everybody on the platform, removed by who made them.
CREATE TABLE audit_view (
  id text PRIMARY KEY, name text NOT NULL, query text NOT NULL, owner_id text NOT NULL, owner_name text NOT NULL, created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX audit_view_name_idx ON audit_view (lower(name));

-- Owner and rights of the log go over to its new form, where the roles were set up before (lib/db/roles.ts does the same anew).
DO $$
DECLARE
  was record; right_ record;
BEGIN
  SELECT relowner, relowner::regrole::text AS owner, relacl INTO was FROM pg_class WHERE oid = 'audit_log.entries_1'::regclass;
  FOR right_ IN SELECT a.grantee, a.privilege_type FROM aclexplode(was.relacl) a WHERE a.grantee <> was.relowner AND a.grantee <> 0 LOOP
    EXECUTE format('GRANT %s ON audit_entry TO %s', right_.privilege_type, right_.grantee::regrole);
    IF right_.privilege_type = 'SELECT' THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION audit_partition_roll() TO %s', right_.grantee::regrole);
      EXECUTE format('GRANT SELECT, INSERT, DELETE ON audit_view TO %s', right_.grantee::regrole);
    END IF;
  END LOOP;
  IF was.relowner <> current_user::regrole THEN
    EXECUTE format('GRANT CREATE ON SCHEMA public TO %s', was.owner);
    EXECUTE format('ALTER SCHEMA audit_log OWNER TO %s', was.owner);
    EXECUTE format('ALTER TABLE audit_entry OWNER TO %s', was.owner);
    EXECUTE format('ALTER FUNCTION audit_partition_close() OWNER TO %s', was.owner);
    EXECUTE format('ALTER FUNCTION audit_partition_roll() OWNER TO %s', was.owner);
    EXECUTE format('ALTER FUNCTION audit_partition_drop(bigint, bigint) OWNER TO %s', was.owner);
    EXECUTE format('REVOKE CREATE ON SCHEMA public FROM %s', was.owner);
  END IF;
END $$;
