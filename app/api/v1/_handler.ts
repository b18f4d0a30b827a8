import type { z } from "zod";
import { errorAnswer, json } from "#app/api/v1/_answer.ts";
import { readJsonBody } from "#app/api/v1/_body.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import type { Endpoint, Method } from "#lib/contracts/endpoints.ts";
import { VigieError } from "#lib/domain/error.ts";
import { isForbiddenKey } from "#lib/domain/json-guard.ts";
import type { LimitName } from "#lib/domain/rate-limit.ts";
import { issuesSentence, issueWords } from "#lib/domain/schema-words.ts";
import { clientAddress } from "#lib/runtime/client-address.ts";
import { getMetrics } from "#lib/runtime/metrics.ts";
import { actorOfRequest, bearerToken } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { takeLimit } from "#lib/services/limit/take.ts";

export interface Call<Query, Body> {
  context: ServiceContext;
  actor: Actor;
  query: Query;
  body: Body;
  params: Record<string, string>;
  request: Request;
}

type RouteContext = { params: Promise<Record<string, string | string[] | undefined>> };
export type Handler = ((request: Request, route?: RouteContext) => Promise<Response>) & { endpoint?: Endpoint };

/** An endpoint that asks nobody who they are; whatever it throws is answered like everywhere. */
export function answerPublic(endpoint: Endpoint, run: (request: Request) => Promise<Response>): Handler {
  return Object.assign((request: Request) => timed(endpoint, request, () => run(request)), { endpoint });
}

/** An endpoint of the API: who calls → what they send → one service → JSON. A Response that the service's side makes itself is passed on. */
export function handle<Query extends z.ZodType, Body extends z.ZodType>(endpoint: Endpoint<Query, Body>, run: (call: Call<z.output<Query>, z.output<Body>>) => Promise<unknown>): Handler {
  const answer = (request: Request, route?: RouteContext): Promise<Response> =>
    timed(endpoint, request, async () => {
      const { context } = getRuntime();
      const actor = await callerOf(context, endpoint, request);
      const { headers } = await takeLimit(context, limitNameOf(endpoint), { actor });
      const params = await pathParameters(route);
      const query = parse(endpoint.query, queryObject(request), "The query");
      const body = endpoint.body === null ? undefined : parse(endpoint.body, await readJsonBody(request), "The body");
      // Where the endpoint takes no body, Body is the type of undefined.
      const result = await run({ context, actor, query, body: body as z.output<Body>, params, request });
      if (result instanceof Response) return withHeaders(result, headers);
      return endpoint.success.status === 204 ? new Response(null, { status: 204, headers: { "cache-control": "no-store", ...headers } }) : json(result, endpoint.success.status, headers);
    });
  return Object.assign(answer, { endpoint });
}

/** What costs a walk through the whole log, or carries much of it away. */
const exporting: ReadonlySet<string> = new Set([endpoints.exportAudit.id, endpoints.verifyAudit.id, endpoints.readEvidence.id]);

function limitNameOf({ id, access }: Endpoint): LimitName {
  return exporting.has(id) ? "export" : access === "write" ? "change" : "read";
}

function withHeaders(response: Response, headers: Record<string, string>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

/** All methods of one path: those given, and for the others a 405 that says which exist. HEAD and OPTIONS are Next's. */
export function serve(handlers: Partial<Record<Method, Handler>>): Record<Method, Handler> {
  const allowed = Object.keys(handlers).join(", ");
  const refuse: Handler = async (request) =>
    json({ error: { code: "invalid", message: `${new URL(request.url).pathname} does not take ${request.method}. It takes ${allowed}.`, detail: { allowed: Object.keys(handlers) }, reference: "" } }, 405, { allow: allowed });
  return { GET: handlers.GET ?? refuse, POST: handlers.POST ?? refuse, PUT: handlers.PUT ?? refuse, PATCH: handlers.PATCH ?? refuse, DELETE: handlers.DELETE ?? refuse };
}

/** For paths that do not exist. */
export const answerNowhere: Handler = async (request) =>
  errorAnswer(new VigieError("not-found", `There is no ${new URL(request.url).pathname.slice(0, 200)}. /api/openapi.json lists what there is.`), getRuntime().log, { method: request.method, path: new URL(request.url).pathname });

async function timed(endpoint: Endpoint, request: Request, run: () => Promise<Response>): Promise<Response> {
  const { httpDurations, refusals } = getMetrics();
  const stop = httpDurations.startTimer({ method: endpoint.method, route: endpoint.path });
  let response: Response;
  try {
    response = await run();
  } catch (error) {
    response = errorAnswer(error, getRuntime().log, { method: request.method, path: new URL(request.url).pathname });
    refusals.inc({ code: String(response.status) });
  }
  stop({ status: String(response.status) });
  return response;
}

async function callerOf(context: ServiceContext, endpoint: Endpoint, request: Request): Promise<Actor> {
  const presented = request.headers.has("authorization");
  // A session alone does not allow to change anything here: browsers send cookies with whatever page asks them to.
  const signedIn = presented || endpoint.access === "read" ? await actorOfRequest(request) : null;
  if (signedIn !== null) return signedIn.actor;
  if (presented) {
    const why = bearerToken(request) === null ? "The Authorization header is not of the form \"Bearer vgt_…\"." : "This API token is unknown, expired or revoked.";
    throw new VigieError("unauthenticated", `${why} Ask an admin for a new one.`);
  }
  await recordNobody(context, request, `${endpoint.method} ${endpoint.path}`);
  if (endpoint.access === "write") {
    throw new VigieError("unauthenticated", "This call takes an API token. Send the header Authorization: Bearer vgt_…; a session in the browser is for reading only.");
  }
  throw new VigieError("unauthenticated", "Nobody is signed in. Send an API token in the header Authorization: Bearer vgt_…, or sign in to the portal.");
}

/** A call that names nobody is an entry (a few a minute). */
export async function recordNobody(context: ServiceContext, request: Request, what: string): Promise<void> {
  const address = clientAddress(request);
  await recordRefusal(context, { action: "access.denied", actor: { kind: "person", id: "anonymous", name: `somebody at ${address}` }, summary: `A call of ${what} from ${address} named nobody`, after: { address, call: what } });
}

async function pathParameters(route: RouteContext | undefined): Promise<Record<string, string>> {
  const given = Object.entries((await route?.params) ?? {});
  return Object.fromEntries(
    given.map(([name, value]) => {
      if (typeof value !== "string" || !/^[A-Za-z0-9._-]{1,100}$/.test(value)) throw new VigieError("not-found", `There is nothing with this ${name}.`);
      return [name, value];
    }),
  );
}

function queryObject(request: Request): Record<string, string> {
  const parameters = new URL(request.url).searchParams;
  const names = [...parameters.keys()];
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new VigieError("invalid", `The query names "${twice}" more than once. Send it once.`);
  const forbidden = names.find(isForbiddenKey);
  if (forbidden !== undefined) throw new VigieError("invalid", `The query has the name "${forbidden}", which is never needed here.`);
  for (const [name, value] of parameters) if (`${name}${value}`.includes(String.fromCharCode(0))) throw new VigieError("invalid", `The query's "${name}" holds a NUL character. Leave it out.`);
  return Object.fromEntries(parameters);
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 20).map((issue) => ({ path: issue.path.map(String).join("."), message: issueWords(issue) }));
  throw new VigieError("invalid", `${what} is not as this call needs it. ${issuesSentence(result.error.issues)}. See /api/openapi.json.`, { detail: { issues } });
}
