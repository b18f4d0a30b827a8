-- Operations that wait (approvals, windows, their turn), break-glass, quarantine, guards.
ALTER TABLE operation DROP CONSTRAINT operation_status_check;
ALTER TABLE operation ADD CONSTRAINT operation_status_check
  CHECK (status IN ('awaiting','scheduled','queued','running','succeeded','failed','returned','aborted','refused'));
ALTER TABLE operation
  ADD COLUMN priority smallint NOT NULL DEFAULT 0,
  ADD COLUMN request jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN not_before timestamptz(3),
  ADD COLUMN approvals_required smallint NOT NULL DEFAULT 0,
  ADD COLUMN waits_until timestamptz(3),
  ADD COLUMN break_glass_id text,
  ADD COLUMN follows_id text REFERENCES operation (id),
  ADD COLUMN automatic boolean NOT NULL DEFAULT false,
  ADD COLUMN gates jsonb NOT NULL DEFAULT '[]',
  -- What each target ran when the plan was made: part of what was confirmed, and still asked for weeks later.
  ADD COLUMN images jsonb NOT NULL DEFAULT '{}';
-- Many may wait in an environment, one runs.
DROP INDEX operation_active_per_environment;
CREATE UNIQUE INDEX operation_running_per_environment ON operation (environment) WHERE status = 'running';
-- Why a step failed, where that decides what follows: nothing-written (certainly), elsewhere (it says nothing about the release).
ALTER TABLE operation_step ADD COLUMN failure text CHECK (failure IN ('nothing-written','elsewhere'));
-- Names may be changed; nobody approves their own wish by a token they made.
ALTER TABLE api_token ADD COLUMN created_by_id text;
CREATE INDEX operation_waiting_idx ON operation (environment, priority DESC, requested_at) WHERE status IN ('awaiting','scheduled','queued','running');
-- What Vigie begins by itself after an operation (its rollback, its stand-down) is begun once.
CREATE UNIQUE INDEX operation_follows_once ON operation (follows_id, kind) WHERE automatic;

CREATE TABLE approval (
  operation_id text NOT NULL REFERENCES operation (id), actor_id text NOT NULL, actor jsonb NOT NULL, plan_hash text NOT NULL,
  at timestamptz(3) NOT NULL, expires_at timestamptz(3) NOT NULL, note text,
  PRIMARY KEY (operation_id, actor_id)
);
CREATE TABLE break_glass (
  id text PRIMARY KEY, environment text NOT NULL, actor jsonb NOT NULL, actor_id text NOT NULL, reason text NOT NULL,
  opened_at timestamptz(3) NOT NULL, expires_at timestamptz(3) NOT NULL,
  reviewed_at timestamptz(3), reviewed_by jsonb, reviewed_by_id text CHECK (reviewed_by_id <> actor_id), review_note text
);
CREATE INDEX break_glass_environment_idx ON break_glass (environment, opened_at DESC);
CREATE TABLE quarantine (
  id text PRIMARY KEY, images_hash text NOT NULL, release integer NOT NULL, environment text NOT NULL, reason text NOT NULL, operation_id text,
  at timestamptz(3) NOT NULL, lifted_at timestamptz(3), lifted_by jsonb, lift_reason text
);
CREATE UNIQUE INDEX quarantine_active ON quarantine (environment, images_hash) WHERE lifted_at IS NULL;
CREATE TABLE environment_guard (environment text PRIMARY KEY, state jsonb NOT NULL, position bigint NOT NULL, updated_at timestamptz(3) NOT NULL);
