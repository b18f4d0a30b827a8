-- What is watched after a promotion: begun in the transaction that ends the promotion. An earlier one of the environment is ended by whoever watches.
CREATE TABLE promotion_watch (
  operation_id text PRIMARY KEY REFERENCES operation (id), environment text NOT NULL, release integer, images_hash text,
  big_pods text[] NOT NULL, mode text NOT NULL CHECK (mode IN ('observe','rollback')),
  promoted_from timestamptz(3) NOT NULL, began_at timestamptz(3) NOT NULL, until timestamptz(3) NOT NULL,
  -- Hash of what each Big Pod of the environment was when the promotion ended: whoever edits one by hand changes it.
  marks jsonb NOT NULL,
  failing_since timestamptz(3), calm_since timestamptz(3),
  decided_at timestamptz(3), decision text CHECK (decision IN ('rollback','propose')), rollback_id text REFERENCES operation (id),
  proposal jsonb,
  ended_at timestamptz(3), outcome text CHECK (outcome IN ('passed','recovered','rolled-back','superseded')),
  CHECK (decision IS DISTINCT FROM 'rollback' OR rollback_id IS NOT NULL)
);
CREATE INDEX promotion_watch_open_idx ON promotion_watch (environment) WHERE ended_at IS NULL;

-- The way back of each environment as it was looked at last.
CREATE TABLE rollback_readiness (
  environment text PRIMARY KEY, release integer, verdict text NOT NULL CHECK (verdict IN ('ready','not-ready','unsure')), sentence text NOT NULL,
  checked_at timestamptz(3) NOT NULL, drilled_in text
);

-- The last time a drill was due and was taken up, done or refused.
CREATE TABLE drill_occurrence (environment text PRIMARY KEY, due_at timestamptz(3) NOT NULL, operation_id text REFERENCES operation (id), refused text);
