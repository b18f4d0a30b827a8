-- How much of a limit is used up, for all replicas together. One row per key: the moment at which it is whole again (GCRA's theoretical arrival time).
-- Not logged: after a crash of the database every limit is whole again. Room in each page, so that an update stays where its row is.
CREATE UNLOGGED TABLE rate_limit (key text PRIMARY KEY CHECK (length(key) <= 200), whole_at timestamptz NOT NULL) WITH (fillfactor = 50);
