-- Stream position: one row, so that positions are handed out in commit order and without gaps.
CREATE TABLE stream_clock (single boolean PRIMARY KEY DEFAULT true CHECK (single), position bigint NOT NULL);
INSERT INTO stream_clock (position) VALUES (0);
-- Take the next position late in a transaction: the row stays locked until it commits.
CREATE FUNCTION next_position() RETURNS bigint LANGUAGE sql AS $$
  UPDATE stream_clock SET position = position + 1 RETURNING position
$$;

CREATE TABLE lease (
  name text PRIMARY KEY, holder text NOT NULL, epoch bigint NOT NULL,
  acquired_at timestamptz(3) NOT NULL, heartbeat_at timestamptz(3) NOT NULL, expires_at timestamptz(3) NOT NULL
);

CREATE TABLE big_pod_state (
  environment text NOT NULL, big_pod text NOT NULL, status text NOT NULL, state jsonb NOT NULL,
  since timestamptz(3) NOT NULL, position bigint NOT NULL, updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment, big_pod)
);
CREATE TABLE state_history (
  id bigserial PRIMARY KEY, environment text NOT NULL, big_pod text NOT NULL, status text NOT NULL,
  cause text, version text, at timestamptz(3) NOT NULL
);
CREATE INDEX state_history_environment_big_pod_at_idx ON state_history (environment, big_pod, at);

CREATE TABLE source_state (key text PRIMARY KEY, state jsonb NOT NULL, position bigint NOT NULL, updated_at timestamptz(3) NOT NULL);

CREATE TABLE release_number (number serial PRIMARY KEY, images_hash text NOT NULL, created_at timestamptz(3) NOT NULL);
CREATE TABLE release_record (
  environment text NOT NULL, content_hash text NOT NULL, number integer NOT NULL REFERENCES release_number (number), images_hash text NOT NULL,
  content jsonb NOT NULL, seen_at timestamptz(3) NOT NULL, healthy_at timestamptz(3), by text NOT NULL, operation_id text,
  PRIMARY KEY (environment, content_hash)
);
CREATE INDEX release_record_environment_number_idx ON release_record (environment, number);
-- A release record is sealed: only the moment it was last seen healthy may move.
CREATE FUNCTION release_record_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'healthy_at') IS DISTINCT FROM (to_jsonb(OLD) - 'healthy_at') THEN
    RAISE EXCEPTION 'a release record is never edited (% %)', OLD.environment, OLD.number;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER release_record_sealed BEFORE UPDATE OR DELETE ON release_record FOR EACH ROW EXECUTE FUNCTION release_record_is_sealed();

CREATE TABLE environment_release (
  environment text PRIMARY KEY, number integer NOT NULL REFERENCES release_number (number), content_hash text NOT NULL,
  since timestamptz(3) NOT NULL, settled boolean NOT NULL, position bigint NOT NULL
);

CREATE TABLE change (
  id text PRIMARY KEY, environment text NOT NULL, big_pod text, kind text NOT NULL, at timestamptz(3) NOT NULL,
  summary text NOT NULL, by text NOT NULL, operation_id text, release integer, position bigint NOT NULL
);
CREATE INDEX change_at_idx ON change (at DESC);
CREATE INDEX change_environment_at_idx ON change (environment, at DESC);

CREATE TABLE plan (
  hash text PRIMARY KEY, kind text NOT NULL, environment text NOT NULL, plan jsonb NOT NULL, targets jsonb NOT NULL, request jsonb NOT NULL,
  actor_id text NOT NULL, created_at timestamptz(3) NOT NULL, expires_at timestamptz(3) NOT NULL
);
CREATE INDEX plan_expires_at_idx ON plan (expires_at);

CREATE TABLE operation (
  id text PRIMARY KEY, number serial NOT NULL, kind text NOT NULL, environment text NOT NULL,
  status text NOT NULL CHECK (status IN ('queued','running','succeeded','failed','returned','aborted')),
  title text NOT NULL, reason text NOT NULL, plan_hash text NOT NULL, plan jsonb NOT NULL, targets jsonb NOT NULL,
  actor jsonb NOT NULL, actor_id text NOT NULL, idempotency_key text NOT NULL,
  requested_at timestamptz(3) NOT NULL, started_at timestamptz(3), finished_at timestamptz(3), note text,
  abort_requested_at timestamptz(3), abort_requested_by text,
  claimed_by text, epoch bigint NOT NULL DEFAULT 0, lease_expires_at timestamptz(3), position bigint NOT NULL,
  UNIQUE (actor_id, idempotency_key)
);
-- One at a time per environment.
CREATE UNIQUE INDEX operation_active_per_environment ON operation (environment) WHERE status IN ('queued', 'running');
CREATE INDEX operation_environment_requested_at_idx ON operation (environment, requested_at DESC);
CREATE INDEX operation_requested_at_idx ON operation (requested_at DESC);
CREATE TABLE operation_step (
  operation_id text NOT NULL REFERENCES operation (id), position integer NOT NULL, name text NOT NULL, title text NOT NULL, big_pod text,
  status text NOT NULL CHECK (status IN ('pending','running','succeeded','failed','skipped')),
  started_at timestamptz(3), finished_at timestamptz(3), evidence jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (operation_id, position)
);

CREATE TABLE api_token (
  id text PRIMARY KEY, name text NOT NULL, hash text NOT NULL UNIQUE, role text NOT NULL, environments text[] NOT NULL,
  created_by text NOT NULL, created_at timestamptz(3) NOT NULL, expires_at timestamptz(3) NOT NULL, last_used_at timestamptz(3), revoked_at timestamptz(3)
);
CREATE TABLE user_account (
  id text PRIMARY KEY, name text, email text, email_verified timestamptz(3), image text, groups text[] NOT NULL DEFAULT '{}',
  disabled_at timestamptz(3), created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE TABLE identity (
  provider text NOT NULL, provider_account_id text NOT NULL, user_id text NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  PRIMARY KEY (provider, provider_account_id)
);
CREATE TABLE session (
  token_hash text PRIMARY KEY, user_id text NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT now(), expires_at timestamptz(3) NOT NULL, seen_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX session_user_id_idx ON session (user_id);

-- The audit log: append-only, hash-chained, written by audit_append alone.
CREATE TABLE audit_entry (
  sequence bigint PRIMARY KEY, at timestamptz(3) NOT NULL, action text NOT NULL, outcome text NOT NULL,
  actor_kind text NOT NULL, actor_id text NOT NULL, actor_name text NOT NULL, environment text, big_pods text[] NOT NULL DEFAULT '{}', operation_id text,
  bytes text NOT NULL, hash text NOT NULL
);
CREATE INDEX audit_entry_at_idx ON audit_entry (at);
CREATE INDEX audit_entry_actor_idx ON audit_entry (actor_id, sequence DESC);
CREATE INDEX audit_entry_action_idx ON audit_entry (action, sequence DESC);
CREATE INDEX audit_entry_environment_idx ON audit_entry (environment, sequence DESC);
CREATE INDEX audit_entry_operation_idx ON audit_entry (operation_id, sequence DESC);
-- Takes the RFC 8785 canonical JSON of the body; wraps it with time, previous hash and sequence (keys in canonical order) and hashes those very bytes.
-- The lock on the head makes sequence and chain gapless: it is held until the caller's transaction ends.
CREATE FUNCTION audit_append(body text) RETURNS TABLE (sequence bigint, hash text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  parsed jsonb := body::jsonb;
  head_sequence bigint; head_hash text; entry_at timestamptz(3); entry_bytes text; entry_hash text;
BEGIN
  PERFORM pg_advisory_xact_lock(7310113);
  SELECT e.sequence, e.hash INTO head_sequence, head_hash FROM public.audit_entry e ORDER BY e.sequence DESC LIMIT 1;
  head_sequence := coalesce(head_sequence, 0) + 1;
  head_hash := coalesce(head_hash, repeat('0', 64));
  entry_at := clock_timestamp();
  entry_bytes := '{"at":"' || to_char(entry_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","body":' || body || ',"previous":"' || head_hash || '","sequence":' || head_sequence || '}';
  entry_hash := encode(sha256(convert_to(entry_bytes, 'UTF8')), 'hex');
  INSERT INTO public.audit_entry VALUES (
    head_sequence, entry_at, parsed->>'action', parsed->>'outcome', parsed->'actor'->>'kind', parsed->'actor'->>'id', parsed->'actor'->>'name',
    parsed->>'environment', ARRAY(SELECT jsonb_array_elements_text(coalesce(parsed->'bigPods', '[]'))), parsed->>'operationId', entry_bytes, entry_hash);
  PERFORM pg_notify('vigie_audit', head_sequence::text);
  RETURN QUERY SELECT head_sequence, entry_hash;
END $$;
CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only();
