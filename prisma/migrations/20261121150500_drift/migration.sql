-- What Vigie applied last to each Big Pod, or what somebody said is wanted; and what runs instead, while it does.
CREATE TABLE applied_state (
  environment text NOT NULL, big_pod text NOT NULL, content jsonb, replicas integer,
  at timestamptz(3) NOT NULL, by text NOT NULL, operation_id text, adopted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (environment, big_pod)
);
CREATE TABLE drift (
  environment text NOT NULL, big_pod text NOT NULL, since timestamptz(3) NOT NULL, by text NOT NULL, differences text[] NOT NULL,
  -- Identity of what was seen to run: whoever adopts it names this one and no other.
  mark text NOT NULL, observed jsonb NOT NULL, back jsonb,
  PRIMARY KEY (environment, big_pod)
);
