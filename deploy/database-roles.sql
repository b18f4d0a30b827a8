-- Roles for Vigie on a PostgreSQL server of your own (16 or newer). docs/audit.md explains them.
--
--   createdb vigie                                            as an administrator of the server, once
--   psql -v ON_ERROR_STOP=1 -d vigie -f database-roles.sql    as an administrator of the server; may be run again
--   psql -d vigie -c '\password vigie_migration'              both passwords are set here, not in this file
--   psql -d vigie -c '\password vigie_app'
--
-- Then start Vigie with
--   VIGIE_MIGRATION_URL=postgresql://vigie_migration:…@host/vigie    migrates, and gives the application's role its rights
--   DATABASE_URL=postgresql://vigie_app:…@host/vigie                 what worker and web work with
--
-- vigie_audit      owns the audit log and the only function that writes it. Nobody signs in as it.
-- vigie_migration  owns everything else and may become vigie_audit, because migrations change the log's table, too. Only migrations sign in as it.
-- vigie_app        reads the log and calls the function. It can neither insert, update, delete, truncate nor alter, nor switch triggers off.
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['vigie_audit', 'vigie_migration', 'vigie_app'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN EXECUTE format('CREATE ROLE %I', wanted); END IF;
  END LOOP;
  EXECUTE format('ALTER DATABASE %I OWNER TO vigie_migration', current_database());
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO vigie_app', current_database());
END $$;

ALTER ROLE vigie_audit NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE vigie_migration LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE vigie_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT vigie_audit TO vigie_migration;
REVOKE vigie_audit, vigie_migration FROM vigie_app;

ALTER SCHEMA public OWNER TO vigie_migration;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vigie_app, vigie_audit;
