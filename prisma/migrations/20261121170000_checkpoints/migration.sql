-- Copies of the signed checkpoints. What counts is what was written outside the database; these are for the page, and for delivery.
CREATE TABLE audit_key (id text PRIMARY KEY, public_key text NOT NULL, since timestamptz(3) NOT NULL DEFAULT clock_timestamp());
CREATE TABLE audit_checkpoint (
  number bigserial PRIMARY KEY, origin text NOT NULL, size bigint NOT NULL, head text NOT NULL, time timestamptz(3) NOT NULL,
  key text NOT NULL, signature text NOT NULL
);
CREATE INDEX audit_checkpoint_size_idx ON audit_checkpoint (size, number);
-- One row per checkpoint and place, written with the checkpoint: what is not delivered yet survives restarts.
CREATE TABLE audit_checkpoint_delivery (
  checkpoint bigint NOT NULL REFERENCES audit_checkpoint (number), place text NOT NULL,
  delivered_at timestamptz(3), attempts integer NOT NULL DEFAULT 0, due_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(), error text,
  PRIMARY KEY (checkpoint, place)
);
CREATE INDEX audit_checkpoint_delivery_waiting_idx ON audit_checkpoint_delivery (place, checkpoint) WHERE delivered_at IS NULL;
-- Why no checkpoint is made although one is due: what stands in the log is not what was signed before.
CREATE TABLE audit_checkpoint_refusal (single boolean PRIMARY KEY DEFAULT true CHECK (single), sentence text NOT NULL, since timestamptz(3) NOT NULL DEFAULT clock_timestamp());
