import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { asks, needNoQuestion, ownActions, openPages, publicEndpoints, unauthorised, writtenByHand } from "#lib/runtime/checks/authorised.ts";
import type { Sources } from "#lib/runtime/checks/authorised.ts";
import { isTestFile } from "#lib/runtime/checks/directions.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { root } from "#lib/runtime/home.ts";

const cache = new Map<string, string | undefined>();
const project: Sources = {
  read(file) {
    if (!cache.has(file)) cache.set(file, existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : undefined);
    return cache.get(file);
  },
};
const files = readdirSync(join(root, "app"), { recursive: true, encoding: "utf8" }).map((name) => `app/${name}`).filter((file) => /\.tsx?$/.test(file) && !isTestFile(file));

test("every server action, route handler and page asks who calls and whether they may", () => {
  expect(files.filter((file) => file.endsWith("route.ts")).length).toBeGreaterThan(40);
  expect(files.filter((file) => file.startsWith("app/_actions/")).length).toBeGreaterThan(8);
  expect(files.flatMap((file) => unauthorised(project, file))).toEqual([]);
});

test("exceptions are exceptions: each is there, and needs to be one", () => {
  for (const file of [...Object.keys(writtenByHand), ...openPages, ...ownActions.map((one) => one.split("#")[0] ?? "")]) expect(files).toContain(file);
  for (const key of Object.keys(needNoQuestion)) {
    const [file = "", name = ""] = key.split("#");
    expect(project.read(file), key).toMatch(new RegExp(`export (async )?function\\*? ${name}\\b`));
    expect(asks(project, file, name), key).toBe(false);
  }
  expect(publicEndpoints.toSorted()).toEqual(Object.values(endpoints).filter(({ access }) => access === "public").map(({ id }) => id).toSorted());
});

const guarded = 'import { authorise } from "#lib/services/authorise.ts";\nexport async function restart(context, actor) {\n  await authorise(context, actor, "operation.request.restart", null, "restart");\n}\n';
const careless = "export async function restart(context, actor) {\n  await context.db.query();\n}\n";
const mentioned = 'import { authorise } from "#lib/services/authorise.ts";\n// authorise(context)\nexport async function restart(context, actor) {\n  /* authorise() */\n}\nexport async function other(context, actor) {\n  await authorise(context, actor);\n}\n';
const through = 'import { inner } from "#lib/services/x/inner.ts";\nexport const restart = (context, actor) => inner(context, actor);\n';
const action = '"use server";\nimport { restart } from "#lib/services/x/restart.ts";\nimport { answer } from "#app/_actions/answer.ts";\nexport async function press() {\n  return answer("restart", (context, actor) => restart(context, actor));\n}\n';
const route = (handler: string) => `import { handle, serve } from "#app/api/v1/_handler.ts";\nimport { restart } from "#lib/services/x/restart.ts";\nexport const dynamic = "force-dynamic";\nexport const { GET, POST, PUT, PATCH, DELETE } = serve({\n  POST: ${handler},\n});\n`;
const page = (body: string) => `import { restart } from "#lib/services/x/restart.ts";\nexport default async function Page() {\n  ${body}\n}\n`;

describe("what does not ask is told", () => {
  test.each<[string, string, string, string, RegExp | null]>([
    ["an action over a service that asks", "app/_actions/x.ts", action, guarded, null],
    ["an action over a service that does not", "app/_actions/x.ts", action, careless, /restart of lib\/services\/x\/restart\.ts, which never asks/],
    ["a service that only mentions the question", "app/_actions/x.ts", action, mentioned, /never asks/],
    ["a service that asks through another", "app/_actions/x.ts", action, through, null],
    ["an action that skips answer()", "app/_actions/x.ts", action.replace("return answer(", "return Promise.resolve("), guarded, /press does not go through answer\(\)/],
    ["a second action beside a good one", "app/_actions/x.ts", `${action}export async function also() {\n  return answer("nothing", async () => null);\n}\n`, guarded, /also calls no service that asks/],
    ["an action outside of its folder", "app/(portal)/x/form.tsx", action, guarded, /belong into app\/_actions/],
    ["an action inside a page", "app/(portal)/x/form.tsx", 'async function f() {\n  "use server";\n}\n', guarded, /belong into app\/_actions/],
    ["a route over a service that asks", "app/api/v1/x/route.ts", route("handle(endpoints.x, ({ context, actor }) => restart(context, actor))"), guarded, null],
    ["a route over a service that does not", "app/api/v1/x/route.ts", route("handle(endpoints.x, ({ context, actor }) => restart(context, actor))"), careless, /never asks/],
    ["a route that calls no service", "app/api/v1/x/route.ts", route('handle(endpoints.x, () => ({ secret: 1 }))'), guarded, /POST calls no service that asks/],
    ["a route for everybody", "app/api/v1/x/route.ts", route("answerPublic(endpoints.createPlan, () => restart())"), guarded, /createPlan does not stand among the public endpoints/],
    ["a handler of one's own", "app/api/x/route.ts", "export async function GET() {\n  return Response.json({});\n}\n", guarded, /not made by serve/],
    ["a handler of one's own beside serve", "app/api/x/route.ts", `${route("handle(endpoints.x, ({ context, actor }) => restart(context, actor))")}export async function OPTIONS() {\n  return new Response();\n}\n`, guarded, /not made by serve/],
    ["a page that asks", "app/(portal)/x/page.tsx", page('const actor = await requirePageActor("/x"); await restart(actor);'), guarded, null],
    ["a page that does not", "app/(portal)/x/page.tsx", page("await restart();"), guarded, /does not begin with requirePageActor/],
    ["a page over a service that does not", "app/(portal)/x/page.tsx", page('const actor = await requirePageActor("/x"); await restart(actor);'), careless, /never asks/],
    ["the stream, without its question", "app/api/stream/route.ts", "export async function GET(request: Request) {\n  return new Response();\n}\n", guarded, /GET does not call actorOfRequest/],
  ])("%s", (_, file, text, service, wrong) => {
    const sources: Sources = { read: (name) => ({ [file]: text, "lib/services/x/restart.ts": service, "lib/services/x/inner.ts": guarded.replace("restart", "inner"), "lib/services/authorise.ts": "export async function authorise() {}\n" })[name] };
    const found = unauthorised(sources, file);
    if (wrong === null) expect(found).toEqual([]);
    else expect(found.join("\n")).toMatch(wrong);
  });
});
