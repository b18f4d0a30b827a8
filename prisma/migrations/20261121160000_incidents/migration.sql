-- Signals, incidents, their timeline, what was saved as evidence, and what is to be told to people outside.
CREATE TABLE incident (
  id text PRIMARY KEY, number serial NOT NULL UNIQUE, environment text NOT NULL, big_pod text,
  -- trouble: something is wrong. monitoring: nobody would see it if something were.
  about text NOT NULL DEFAULT 'trouble', title text NOT NULL, severity text NOT NULL,
  status text NOT NULL, onset_at timestamptz(3) NOT NULL, opened_at timestamptz(3) NOT NULL, manual boolean NOT NULL DEFAULT false,
  opened_by jsonb, acknowledged_at timestamptz(3), acknowledged_by jsonb, assignee jsonb,
  quiet_since timestamptz(3), resolved_at timestamptz(3), resolved_by text, reopened integer NOT NULL DEFAULT 0, flapping boolean NOT NULL DEFAULT false,
  merged_into text REFERENCES incident(id), firing integer NOT NULL DEFAULT 0, signals integer NOT NULL DEFAULT 0,
  suspects jsonb NOT NULL DEFAULT '[]', suspects_note text, suspects_at timestamptz(3), recovery jsonb, position bigint NOT NULL
);
-- Two workers, two signals at once: still one open incident of one Big Pod in one environment. "" stands for the environment as a whole.
CREATE UNIQUE INDEX incident_one_open ON incident (environment, coalesce(big_pod, ''), about) WHERE status IN ('open', 'acknowledged') AND NOT manual;
CREATE INDEX incident_recent_idx ON incident (number DESC);
CREATE INDEX incident_place_idx ON incident (environment, big_pod, opened_at DESC);
CREATE INDEX incident_live_idx ON incident (status) WHERE status IN ('open', 'acknowledged');

CREATE TABLE signal (
  id text PRIMARY KEY,
  -- Identity of one occurrence: kind, fingerprint and onset.
  key text NOT NULL UNIQUE,
  kind text NOT NULL, title text NOT NULL, detail text, environment text, big_pod text, service text, severity text NOT NULL, state text NOT NULL,
  onset_at timestamptz(3) NOT NULL, received_at timestamptz(3) NOT NULL, seen_at timestamptz(3) NOT NULL, ended_at timestamptz(3),
  -- When it was first heard of as firing; null while it was only pending, or was heard of when it had ended.
  fired_at timestamptz(3),
  labels jsonb NOT NULL DEFAULT '{}', annotations jsonb NOT NULL DEFAULT '{}', ways text[] NOT NULL DEFAULT '{}', silence jsonb, link text,
  fingerprint text, operation_id text, incident_id text REFERENCES incident(id),
  -- Alertmanager's start of the occurrence (after `for:`), and every label set's identity it was heard under.
  starts_at timestamptz(3), fingerprints text[] NOT NULL DEFAULT '{}',
  -- False after every change until the incidents have been told.
  handled boolean NOT NULL DEFAULT false
);
-- Whoever writes signals, and however: that one fired is never forgotten.
CREATE FUNCTION signal_fires() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = 'firing' AND NEW.fired_at IS NULL THEN NEW.fired_at := clock_timestamp(); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER signal_fires BEFORE INSERT OR UPDATE ON signal FOR EACH ROW EXECUTE FUNCTION signal_fires();
CREATE INDEX signal_unhandled_idx ON signal (received_at) WHERE NOT handled;
CREATE INDEX signal_incident_idx ON signal (incident_id, onset_at);
CREATE INDEX signal_live_idx ON signal (kind, fingerprint) WHERE state <> 'ended';
CREATE INDEX signal_fingerprints_idx ON signal USING gin (fingerprints);
CREATE INDEX signal_recent_idx ON signal (onset_at DESC, id);
CREATE INDEX signal_ended_idx ON signal (ended_at) WHERE state = 'ended';

CREATE TABLE incident_entry (
  id bigserial PRIMARY KEY, incident_id text NOT NULL REFERENCES incident(id),
  -- What happened once is told once, however often it is found.
  key text NOT NULL,
  at timestamptz(3) NOT NULL, recorded_at timestamptz(3) NOT NULL, late boolean NOT NULL, kind text NOT NULL, title text NOT NULL, detail text,
  actor jsonb, link text, data jsonb, UNIQUE (incident_id, key)
);
CREATE INDEX incident_entry_time_idx ON incident_entry (incident_id, at DESC, id DESC);

CREATE TABLE incident_evidence (
  id text PRIMARY KEY, incident_id text REFERENCES incident(id), operation_id text, environment text NOT NULL, big_pod text NOT NULL,
  name text NOT NULL, kind text NOT NULL, content text NOT NULL, bytes integer NOT NULL, at timestamptz(3) NOT NULL, UNIQUE (operation_id, name)
);
CREATE INDEX incident_evidence_incident_idx ON incident_evidence (incident_id, at);

-- Sequence: what was written later is told later, of one incident and channel. A test of a channel is of no incident.
CREATE TABLE notification (
  id text PRIMARY KEY, sequence bigserial NOT NULL, channel text NOT NULL, incident_id text REFERENCES incident(id), kind text NOT NULL, payload jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL, due_at timestamptz(3) NOT NULL, attempts integer NOT NULL DEFAULT 0, last_error text,
  sent_at timestamptz(3), dead_at timestamptz(3), claimed_until timestamptz(3)
);
CREATE INDEX notification_due_idx ON notification (channel, due_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX notification_untold_idx ON notification (channel, dead_at) WHERE sent_at IS NULL;
CREATE INDEX notification_incident_idx ON notification (incident_id, created_at);
-- The one message of an incident in a channel that is updated (Slack's ts), and when the channel may be used again.
CREATE TABLE notification_thread (channel text NOT NULL, incident_id text NOT NULL REFERENCES incident(id), external_id text NOT NULL, PRIMARY KEY (channel, incident_id));
CREATE TABLE notification_channel (channel text PRIMARY KEY, not_before timestamptz(3), last_sent_at timestamptz(3), last_error text, last_error_at timestamptz(3), failing_since timestamptz(3));

-- What Grafana knows of our operations.
CREATE TABLE grafana_annotation (operation_id text PRIMARY KEY, annotation_id bigint, ended boolean NOT NULL DEFAULT false, attempts integer NOT NULL DEFAULT 0, last_error text, updated_at timestamptz(3) NOT NULL);
-- Webhook deliveries that carry a signature and a time are taken once.
CREATE TABLE webhook_delivery (id text PRIMARY KEY, at timestamptz(3) NOT NULL);

-- The incident that an operation was asked for from.
ALTER TABLE operation ADD COLUMN incident_number integer;
