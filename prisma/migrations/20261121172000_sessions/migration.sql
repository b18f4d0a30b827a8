-- Sessions that their holder can recognise and end one by one; and when they last proved at the sign-in service who they are. Unknown: not recently.
ALTER TABLE session
  ADD COLUMN id text NOT NULL DEFAULT gen_random_uuid()::text,
  ADD COLUMN provider text,
  ADD COLUMN authenticated_at timestamptz(3),
  ADD COLUMN device text,
  ADD COLUMN address text;
CREATE UNIQUE INDEX session_id_key ON session (id);

-- Whatever takes something away from a person or a token, also a statement by hand, is told at once: connected readers ask again who they are.
CREATE FUNCTION tell_access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('vigie_access', CASE TG_TABLE_NAME WHEN 'session' THEN 'person:' || (to_jsonb(OLD) ->> 'user_id') WHEN 'user_account' THEN 'person:' || OLD.id ELSE 'token:' || OLD.id END);
  RETURN NULL;
END $$;
CREATE TRIGGER session_ended AFTER DELETE ON session FOR EACH ROW EXECUTE FUNCTION tell_access_changed();
CREATE TRIGGER user_account_gone AFTER DELETE ON user_account FOR EACH ROW EXECUTE FUNCTION tell_access_changed();
CREATE TRIGGER user_account_changed AFTER UPDATE ON user_account FOR EACH ROW
  WHEN ((OLD.groups, OLD.email, OLD.email_verified, OLD.disabled_at) IS DISTINCT FROM (NEW.groups, NEW.email, NEW.email_verified, NEW.disabled_at)) EXECUTE FUNCTION tell_access_changed();
CREATE TRIGGER api_token_gone AFTER DELETE ON api_token FOR EACH ROW EXECUTE FUNCTION tell_access_changed();
CREATE TRIGGER api_token_changed AFTER UPDATE ON api_token FOR EACH ROW
  WHEN ((OLD.role, OLD.environments, OLD.expires_at, OLD.revoked_at) IS DISTINCT FROM (NEW.role, NEW.environments, NEW.expires_at, NEW.revoked_at)) EXECUTE FUNCTION tell_access_changed();
