import pg from "pg";

/** The log's partitions, and the functions that open, close and drop them: all of the log's owner; the application may have the next one opened, no more. */
const logInParts = (role: string): string => `ALTER SCHEMA audit_log OWNER TO vigie_audit;
    DO $$ DECLARE part regclass; BEGIN
      FOR part IN SELECT oid FROM pg_class WHERE relnamespace = 'audit_log'::regnamespace AND relkind = 'r' LOOP EXECUTE format('ALTER TABLE %s OWNER TO vigie_audit', part); END LOOP;
    END $$;
    ALTER FUNCTION audit_partition_close() OWNER TO vigie_audit;
    ALTER FUNCTION audit_partition_roll() OWNER TO vigie_audit;
    ALTER FUNCTION audit_partition_drop(bigint, bigint) OWNER TO vigie_audit;
    REVOKE ALL ON FUNCTION audit_partition_close(), audit_partition_roll(), audit_partition_drop(bigint, bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION audit_partition_roll() TO ${role};
    REVOKE UPDATE ON audit_view FROM ${role};`;

/**
 * Makes the application's role and gives it what it needs and no more (grantRights). For a server of our own, where the owner may make roles; on a given server
 * deploy/database-roles.sql makes them. Run as the database's owner after the migrations; may be run again.
 */
export async function setUpRoles(ownerUrl: string, app: { role: string; password: string }): Promise<void> {
  await asOwner(ownerUrl, async (client) => {
    const role = client.escapeIdentifier(app.role);
    for (const [name, sql] of [["vigie_audit", "CREATE ROLE vigie_audit NOLOGIN"], [app.role, `CREATE ROLE ${role} LOGIN`]] as const) {
      const { rowCount } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name]);
      if (rowCount === 0) await client.query(sql);
    }
    await client.query(`ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${client.escapeLiteral(app.password)}`);
    await grant(client, app.role);
  });
}

/**
 * Gives the application's role its rights: it reads the audit log and may call audit_append, but cannot insert, update, delete, truncate or alter it. Timelines of incidents it
 * adds to, and deletes when they are old; copies of checkpoints it only adds. The log belongs to a role nobody signs in as. Run as the role that migrates; may be run again.
 */
export async function grantRights(ownerUrl: string, role: string): Promise<void> {
  await asOwner(ownerUrl, (client) => grant(client, role));
}

async function asOwner(ownerUrl: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: "vigie-roles" });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(72707369)");
    await work(client);
  } finally {
    await client.end();
  }
}

async function grant(client: pg.Client, appRole: string): Promise<void> {
  const role = client.escapeIdentifier(appRole);
  const { rows } = await client.query<{ name: string }>("SELECT current_database() AS name");
  const database = client.escapeIdentifier(rows[0]?.name ?? "vigie");
  // One query is one transaction: at no moment does the role hold more than it may.
  await client.query(`
    GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${database} TO ${role};
    REVOKE CREATE ON SCHEMA public FROM PUBLIC, ${role};
    GRANT USAGE ON SCHEMA public TO ${role}, vigie_audit;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};
    REVOKE UPDATE ON incident_entry FROM ${role};
    REVOKE UPDATE, DELETE ON audit_checkpoint, audit_key FROM ${role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role};
    REVOKE ALL ON _prisma_migrations FROM ${role};
    GRANT SELECT ON _prisma_migrations TO ${role};
    GRANT CREATE ON SCHEMA public TO vigie_audit;
    ALTER TABLE audit_entry OWNER TO vigie_audit;
    ALTER FUNCTION audit_append(text) OWNER TO vigie_audit;
    ${logInParts(role)}
    REVOKE CREATE ON SCHEMA public FROM vigie_audit;
    REVOKE ALL ON audit_entry FROM ${role}, PUBLIC;
    GRANT SELECT ON audit_entry TO ${role};
    REVOKE ALL ON FUNCTION audit_append(text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION audit_append(text) TO ${role};`);
  // Temporary objects come first unless they are named last: a temporary type "jsonb" with a check of one's own would run with the rights of the log's owner.
  await client.query("ALTER FUNCTION audit_append(text) SET search_path = pg_catalog, public, pg_temp");
}
