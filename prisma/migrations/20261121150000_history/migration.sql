-- What the overview showed of a Big Pod at any moment, not only when its status changed; and events beyond the hour that the API server keeps them.
ALTER TABLE state_history ADD COLUMN detail jsonb;
ALTER TABLE big_pod_state ADD COLUMN detail jsonb;
CREATE TABLE cluster_event (
  environment text NOT NULL, uid text NOT NULL, big_pod text, object text NOT NULL, type text NOT NULL, reason text NOT NULL, message text NOT NULL,
  count integer NOT NULL, first_at timestamptz(3) NOT NULL, last_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment, uid)
);
CREATE INDEX cluster_event_last_at_idx ON cluster_event (environment, big_pod, last_at DESC);
CREATE INDEX cluster_event_pruning_idx ON cluster_event (last_at);
