import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { startConfiguredPortal } from "#e2e/configured-portal.ts";
import type { ConfiguredPortal } from "#e2e/configured-portal.ts";
import { createDatabase } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";
import type { Role } from "#lib/domain/access.ts";
import { parseConfig } from "#lib/runtime/config.ts";
import { root } from "#lib/runtime/home.ts";
import { pageOf } from "#e2e/test-abuse-calls.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";
import { createSignInStore } from "#lib/services/session/sign-in.ts";
import { createToken } from "#lib/services/token/create.ts";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Of a JSON answer; null for any other. */
  body: { error?: { code: string; message: string; reference: string; detail?: unknown } } & Record<string, unknown> | null;
}

export interface Sending {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  cookie?: string;
  token?: string;
  /** Sent in pieces, without a Content-Length. */
  chunked?: boolean;
}

export interface AbusePortal {
  portal: ConfiguredPortal;
  db: Database;
  send(path: string, options?: Sending): Promise<Answer>;
  /** A server action by its name, as the browser calls it; `headers` replace the browser's own. */
  act(name: string, args: unknown[] | string, options?: { cookie?: string; headers?: Record<string, string | null>; path?: string }): Promise<Answer & { result: { ok: boolean; error?: { code: string; message: string } } | null }>;
  /** Names of the actions of the build, with the ids by which they are called. */
  actions: ReadonlyMap<string, string>;
  session(role: Role, environment?: string): Promise<string>;
  token(role: Role, environments?: string[]): Promise<string>;
  entries(action: string): Promise<{ outcome: string; actor: { id: string; name: string }; summary: string; environment: string | null; after: Record<string, unknown> | null }[]>;
  stop(): Promise<void>;
}

/** One whole Vigie whose limits are wide, people of every role, everywhere or in dev alone, and what it takes to ask it rudely. */
export async function startAbusePortal(): Promise<AbusePortal> {
  const roles: Role[] = ["viewer", "operator", "releaser", "approver", "responder", "admin"];
  let text = "";
  const portal = await startConfiguredPortal({
    configure: (given) => {
      // Safe: the sandbox's own configuration, which the schema checks again.
      const config = parse(given) as { access: { roles: unknown[] }; server?: object };
      config.access.roles.push(...roles.flatMap((role) => [{ role, groups: [`${role}s`] }, { role, groups: [`${role}s-of-dev`], environments: ["dev"] }]));
      config.server = { limits: { signInsPerMinute: 100_000, guessesPerMinute: 100_000, webhooksPerMinute: 100_000, changesPerMinute: 100_000, readsPerMinute: 100_000, exportsPerMinute: 100_000 } };
      text = stringify(config);
      return text;
    },
  });
  const db = createDatabase(portal.stack.databaseUrl, { poolSize: 3 });
  const context = createTestContext(db, parseConfig(text, "vigie.yaml"));
  const store = createSignInStore(context);
  const { origin, port } = new URL(portal.url);
  const actions = actionsOfBuild();

  const send = (path: string, { method = "GET", headers = {}, body, cookie, token, chunked = false }: Sending = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const all = { ...(cookie === undefined ? {} : { cookie: `vigie-session=${cookie}` }), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined || chunked ? {} : { "content-length": String(Buffer.byteLength(body)) }), ...headers };
      const outgoing = request({ host: "127.0.0.1", port, path, method, headers: all, agent: false, timeout: 60_000 }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const answered = Buffer.concat(chunks).toString("utf8");
          const isJson = incoming.headers["content-type"]?.startsWith("application/json") === true;
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: answered, body: isJson ? JSON.parse(answered) : null });
        });
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path} was not answered`)));
      outgoing.on("error", reject);
      if (body !== undefined && chunked) for (const piece of [body.slice(0, body.length / 2), body.slice(body.length / 2)]) outgoing.write(piece);
      outgoing.end(chunked ? undefined : body);
    });

  return {
    portal, db, send, actions,
    async act(name, args, { cookie, headers = {}, path = pageOf(name) } = {}) {
      const own: Record<string, string | null> = { origin, "sec-fetch-site": "same-origin", "next-action": actions.get(name) ?? name, "content-type": "text/plain;charset=UTF-8", accept: "text/x-component", ...headers };
      const kept = Object.fromEntries(Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== null));
      const answer = await send(path, { method: "POST", headers: kept, body: typeof args === "string" ? args : JSON.stringify(args), ...(cookie !== undefined && { cookie }) });
      // A line of React's wire format: "1:{…}".
      const line = answer.text.split("\n").map((one) => /^\w+:(\{"ok":.*\})$/.exec(one)?.[1]).find((found) => found !== undefined);
      return { ...answer, result: line === undefined ? null : JSON.parse(line) };
    },
    async session(role, environment) {
      const name = `${role}${environment === undefined ? "" : ` of ${environment}`}`;
      const person = await store.signIn("demo", { subject: name, name, email: null, emailVerified: false, groups: [environment === undefined ? `${role}s` : `${role}s-of-${environment}`] });
      if ("refused" in person) throw new Error(person.refused);
      const token = randomBytes(32).toString("base64url");
      await store.createSession(person.userId, token, { provider: "demo", replacesToken: null, authenticatedAt: new Date() });
      return token;
    },
    async token(role, environments) {
      return (await createToken(context, { ...actorWith("admin"), session: { id: "test", provider: "demo", authenticatedAt: new Date().toISOString() } }, { name: `${role}-${environments?.join("-") ?? "all"}`, role, environments: environments ?? "*", expiresInDays: 1 })).token;
    },
    async entries(action) {
      return (await db.auditEntryRow.findMany({ where: { action }, orderBy: { sequence: "asc" } })).map((row) => JSON.parse(row.bytes).body);
    },
    async stop() {
      await db.$disconnect();
      await portal.stop();
    },
  };
}

/** Next's own list of the actions that it would run. */
function actionsOfBuild(): Map<string, string> {
  const manifest = JSON.parse(readFileSync(join(root, ".next/standalone/.next/server/server-reference-manifest.json"), "utf8")) as { node: Record<string, { exportedName?: string }> };
  return new Map(Object.entries(manifest.node).map(([id, { exportedName }]) => [exportedName ?? id, id]));
}
