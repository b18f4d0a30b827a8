import type { Database } from "#lib/db/client.ts";
import { VigieError } from "#lib/domain/error.ts";

interface Facts {
  role: string;
  superuser: boolean;
  createrole: boolean;
  server: boolean;
  replication_role: boolean;
  owns_database: boolean;
  owns_schema: boolean;
  creates: boolean;
  owns_table: boolean;
  table_rights: string[];
  owns_function: boolean;
  definer: boolean;
  owner_signs_in: boolean;
  path_safe: boolean;
  triggers_off: boolean;
  parts_owned: boolean;
  parts_rights: boolean;
  parts_triggers_off: boolean;
  parts_functions: string[];
  reads: boolean;
  appends: boolean;
}

/** What the role that this connection signed in with could do to the audit log, and what it lacks. */
export async function auditProtection(db: Database): Promise<{ role: string; could: string[]; lacks: string[] }> {
  const rows = await db.$queryRaw<Facts[]>`
    SELECT session_user::text AS role, r.rolsuper AS superuser, r.rolcreaterole AS createrole,
      (SELECT coalesce(bool_or(pg_has_role(session_user, p.oid, 'MEMBER')), false) FROM pg_roles p WHERE p.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_write_all_data')) AS server,
      has_parameter_privilege(session_user::text, 'session_replication_role', 'SET') AS replication_role,
      pg_has_role(session_user, d.datdba, 'MEMBER') AS owns_database,
      pg_has_role(session_user, n.nspowner, 'MEMBER') AS owns_schema,
      has_schema_privilege(session_user::text, n.oid, 'CREATE') AS creates,
      pg_has_role(session_user, t.relowner, 'MEMBER') AS owns_table,
      ARRAY(SELECT lower(v) FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) v
        WHERE has_table_privilege(session_user::text, t.oid, v) OR (v IN ('INSERT', 'UPDATE') AND has_any_column_privilege(session_user::text, t.oid, v))) AS table_rights,
      pg_has_role(session_user, f.proowner, 'MEMBER') AS owns_function,
      f.prosecdef AS definer,
      o.rolcanlogin AS owner_signs_in,
      coalesce('search_path=pg_catalog, public, pg_temp' = ANY (f.proconfig) OR 'search_path=pg_catalog, pg_temp' = ANY (f.proconfig), false) AS path_safe,
      NOT EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = t.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')) AS triggers_off,
      (SELECT coalesce(bool_or(pg_has_role(session_user, p.relowner, 'MEMBER') OR pg_has_role(session_user, s.nspowner, 'MEMBER') OR has_schema_privilege(session_user::text, s.oid, 'CREATE')), false)
        FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid JOIN pg_namespace s ON s.oid = p.relnamespace WHERE i.inhparent = t.oid) AS parts_owned,
      (SELECT coalesce(bool_or(has_table_privilege(session_user::text, i.inhrelid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER') OR has_any_column_privilege(session_user::text, i.inhrelid, 'INSERT, UPDATE')), false)
        FROM pg_inherits i WHERE i.inhparent = t.oid) AS parts_rights,
      (SELECT coalesce(bool_or(NOT EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = i.inhrelid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A'))), false) FROM pg_inherits i WHERE i.inhparent = t.oid) AS parts_triggers_off,
      ARRAY(SELECT v.oid::regprocedure::text FROM pg_proc v WHERE v.pronamespace = n.oid AND v.proname IN ('audit_partition_close', 'audit_partition_drop') AND has_function_privilege(session_user::text, v.oid, 'EXECUTE')) AS parts_functions,
      has_table_privilege(session_user::text, t.oid, 'SELECT') AS reads,
      has_function_privilege(session_user::text, f.oid, 'EXECUTE') AS appends
    FROM pg_roles r, pg_database d, pg_namespace n, pg_class t, pg_proc f, pg_roles o
    WHERE r.rolname = session_user AND d.datname = current_database() AND n.nspname = 'public' AND t.oid = 'public.audit_entry'::regclass AND f.oid = 'public.audit_append(text)'::regprocedure AND o.oid = f.proowner`;
  const facts = rows[0];
  if (facts === undefined) throw new Error("the role that is signed in exists");
  if (facts.superuser) return { role: facts.role, could: ["it is a superuser"], lacks: [] };
  const could: [boolean, string][] = [
    [facts.createrole, "it may make roles"],
    [facts.server, "it may write all data, or files of the server"],
    [facts.replication_role, "it may set session_replication_role, which switches triggers off"],
    [facts.owns_database, "it owns the database"],
    [facts.owns_schema, "it owns the schema public"],
    [facts.creates, "it may create objects in the schema public"],
    [facts.owns_table, "it owns the table audit_entry"],
    [facts.table_rights.length > 0 && !facts.owns_table, `it may ${facts.table_rights.join(", ")} on audit_entry`],
    [facts.owns_function, "it owns the function audit_append"],
    [!facts.owns_function && facts.owner_signs_in, "the owner of the function audit_append can sign in"],
    [!facts.definer, "the function audit_append does not run with its owner's rights"],
    [!facts.path_safe, "the function audit_append finds temporary objects before its own"],
    [facts.triggers_off, "the trigger that keeps audit_entry append-only is switched off"],
    [facts.parts_owned && !facts.owns_table, "it owns a partition of the log, or their schema audit_log"],
    [facts.parts_rights && !facts.parts_owned, "it may write to a partition of the log in the schema audit_log"],
    [facts.parts_triggers_off, "the trigger that keeps a partition of the log append-only is missing or switched off"],
    [facts.parts_functions.length > 0 && !facts.owns_function, `it may execute ${facts.parts_functions.join(" and ")}`],
  ];
  const lacks: [boolean, string][] = [[!facts.reads, "SELECT on audit_entry"], [!facts.appends, "EXECUTE on audit_append(text)"]];
  return { role: facts.role, could: could.flatMap(([holds, text]) => (holds ? [text] : [])), lacks: lacks.flatMap(([holds, text]) => (holds ? [text] : [])) };
}

/**
 * Called once by each process before it works. Throws VigieError "invalid", with one sentence that says what is wrong and what to do, when the role that it is signed in with could change the
 * audit log (unless `allowed`, by audit.allowUnprotected), or may not read or append to it (always: nothing could be done then).
 */
export async function assertAuditProtected(db: Database, allowed: boolean): Promise<void> {
  const { role, could, lacks } = await auditProtection(db);
  const remedy = "Set the roles up with deploy/database-roles.sql, put the application's role into DATABASE_URL and the migrating one into VIGIE_MIGRATION_URL";
  if (lacks.length > 0) throw new VigieError("invalid", `Vigie does not start, because its database role ${role} lacks ${lacks.join(" and ")}. ${remedy}.`, { detail: { role, lacks } });
  if (could.length > 0 && !allowed) {
    throw new VigieError("invalid", `Vigie does not start, because its database role ${role} could change the audit log: ${could.join("; ")}. ${remedy}, or accept a log that proves less with audit.allowUnprotected: true in vigie.yaml.`, { detail: { role, could } });
  }
}
