import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, test } from "vitest";
import { createGithub } from "#lib/adapters/github/github.ts";
import type { SourceApi } from "#lib/ports/source.ts";
import { commitsOf } from "#sandbox/github/commits.ts";
import { startGithub } from "#sandbox/github/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const repository = { host: "github.com", owner: "dreamscape-ai", name: "experience-pod" };
const catalogue = createCatalogue({ now: Date.now });
const history = commitsOf(catalogue, "https://github.com/dreamscape-ai/experience-pod");
const revisionOf = (tag: string): string => catalogue.resolve(`ghcr.io/dreamscape-ai/experience-pod:${tag}`)?.revision ?? "";

interface Given {
  url: string;
  token?: string;
  secret?: string;
  timeoutMs?: number;
  maximumBytes?: number;
  now?: () => Date;
}
const at = ({ url, token, secret = "", timeoutMs, maximumBytes, now = () => new Date() }: Given): SourceApi =>
  createGithub({ config: { host: "github.com", url, ...(token !== undefined && { token }) }, readSecret: () => secret, now, ...(timeoutMs !== undefined && { timeoutMs }), ...(maximumBytes !== undefined && { maximumBytes }) });

async function sandbox(options: { hourlyLimit?: number; token?: string } = {}): Promise<string> {
  const { url, stop } = await startGithub({ catalogue, port: 0, host: "127.0.0.1", ...options });
  stops.push(stop);
  return url;
}

async function faulty(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
}
const json = (status: number, body: object, headers: Record<string, string> = {}) => faulty((_request, response) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body)));
const [from, to] = ["a".repeat(40), "b".repeat(40)];

describe("the sandbox's GitHub", () => {
  it("gives the commits between two builds, newest first", async () => {
    const found = await at({ url: await sandbox() }).compare(repository, revisionOf("v2.3.0"), revisionOf("v2.4.0-errors"));
    const between = history.slice(history.findIndex((commit) => commit.id === revisionOf("v2.3.0")) + 1, history.findIndex((commit) => commit.id === revisionOf("v2.4.0-errors")) + 1);
    expect(found.total).toBe(between.length);
    expect(found.commits.map((commit) => commit.id)).toEqual(between.map((commit) => commit.id).toReversed());
    expect(found.commits[0]).toMatchObject({ title: "Ask the partners one after the other (v2.4.0-errors)", author: expect.any(String), at: expect.any(Date) });
  });

  it("has nothing new backwards, knows short ids, and says what it does not know", async () => {
    const api = at({ url: await sandbox() });
    expect(await api.compare(repository, revisionOf("v2.3.0"), revisionOf("v2.2.1"))).toEqual({ commits: [], total: 0 });
    expect((await api.compare(repository, revisionOf("v2.2.1").slice(0, 8), revisionOf("v2.3.0").slice(0, 8))).total).toBeGreaterThan(0);
    await expect(api.compare(repository, from, to)).rejects.toMatchObject({ code: "not-found", message: expect.stringMatching(/knows no dreamscape-ai\/experience-pod, or not these commits in it; a private repository needs github\.token\.$/) });
    await expect(api.compare({ ...repository, name: "nothing" }, from, to)).rejects.toMatchObject({ code: "not-found" });
  });

  it("limits who has no token; what was answered is asked once", async () => {
    const url = await sandbox({ hourlyLimit: 1, token: "t0ken" });
    const api = at({ url });
    const first = await api.compare(repository, revisionOf("v2.3.0"), revisionOf("v2.4.0"));
    expect(await api.compare(repository, revisionOf("v2.3.0"), revisionOf("v2.4.0"))).toBe(first);
    await expect(api.compare(repository, revisionOf("v2.2.1"), revisionOf("v2.4.0"))).rejects.toMatchObject({ code: "unavailable", message: expect.stringMatching(/answers no more questions until \d\d:\d\d UTC \(its rate limit\); with github\.token it answers many more\.$/) });
    expect((await at({ url, token: "env:T", secret: "t0ken" }).compare(repository, revisionOf("v2.2.1"), revisionOf("v2.4.0"))).total).toBeGreaterThan(0);
    await expect(at({ url, token: "env:T", secret: "wrong" }).compare(repository, revisionOf("v2.2.1"), revisionOf("v2.4.0"))).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("refuses github.token (401)") });
  });
});

describe("GitHub otherwise", () => {
  test.each([
    ["forbidden", 403, { message: "Resource protected by organization SAML enforcement" }, {}, "upstream", "does not let Vigie see dreamscape-ai/experience-pod (403): Resource protected"],
    ["a secondary limit", 403, { message: "You have exceeded a secondary rate limit" }, { "retry-after": "60" }, "unavailable", "rate limit"],
    ["too many", 429, {}, { "x-ratelimit-reset": "nonsense" }, "unavailable", "answers no more questions (its rate limit)"],
    ["moved", 301, { message: "Moved Permanently" }, { location: "http://127.0.0.1:1/" }, "upstream", "has moved (301)"],
    ["broken", 502, {}, {}, "upstream", "it answers 502"],
    ["another shape", 200, { commits: "all of them" }, {}, "upstream", "has another shape"],
    ["more commits than a page has", 200, { total_commits: 300, commits: Array.from({ length: 251 }, () => ({ sha: from, commit: { message: "x" } })) }, {}, "upstream", "has another shape"],
  ])("%s", async (_name, status, body, headers, code, words) => {
    await expect(at({ url: await json(status, body, headers) }).compare(repository, from, to)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  it("silent, endless, no JSON, not there", async () => {
    await expect(at({ url: await faulty(() => undefined), timeoutMs: 150 }).compare(repository, from, to)).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("no answer within 0.15 s") });
    await expect(at({ url: await faulty((_request, response) => response.end("x".repeat(5_000))), maximumBytes: 4_000 }).compare(repository, from, to)).rejects.toMatchObject({ message: expect.stringContaining("more than 4000 bytes") });
    await expect(at({ url: await faulty((_request, response) => response.end("<html>")) }).compare(repository, from, to)).rejects.toMatchObject({ message: expect.stringContaining("not JSON") });
    const url = await faulty(() => undefined);
    await stops.pop()?.();
    await expect(at({ url }).compare(repository, from, to)).rejects.toMatchObject({ message: expect.stringContaining("the connection is refused") });
  });

  it("is asked page by page for the newest, with the token in its header alone", async () => {
    const asked: string[] = [];
    const url = await faulty((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      const page = Number(new URL(request.url ?? "", "http://x").searchParams.get("page"));
      response.end(JSON.stringify({ total_commits: 130, commits: Array.from({ length: page === 1 ? 100 : 30 }, (_none, index) => ({ sha: String((page - 1) * 100 + index), commit: { message: `m\u0000\u001b[31m${(page - 1) * 100 + index}\nmore`, author: null } })) }));
    });
    const found = await at({ url: `${url}/api/v3/`, token: "env:T", secret: "t0ken" }).compare(repository, from, to);
    expect(found.total).toBe(130);
    expect([found.commits.length, found.commits[0]?.title, found.commits[99]?.title]).toEqual([100, "m 129", "m 30"]);
    expect(asked).toEqual([1, 2].map((page) => `/api/v3/repos/dreamscape-ai/experience-pod/compare/${from}...${to}?per_page=100&page=${page} Bearer t0ken`));
  });

  it("that failed is asked again two minutes later, not before", async () => {
    let [asked, time] = [0, 0];
    const url = await faulty((_request, response) => {
      asked += 1;
      response.writeHead(asked === 1 ? 500 : 200).end(JSON.stringify({ total_commits: 0, commits: [] }));
    });
    const api = at({ url, now: () => new Date(time) });
    await expect(api.compare(repository, from, to)).rejects.toMatchObject({ code: "upstream" });
    await expect(api.compare(repository, from, to)).rejects.toMatchObject({ code: "upstream" });
    time = 121_000;
    expect(await api.compare(repository, from, to)).toEqual({ commits: [], total: 0 });
    expect(asked).toBe(2);
  });

  it("of another host is not asked, nor with ids that are none, nor with a secret that is none", async () => {
    const url = await faulty(() => {
      throw new Error("asked");
    });
    await expect(at({ url }).compare({ ...repository, host: "gitlab.com" }, from, to)).rejects.toMatchObject({ code: "not-found" });
    await expect(at({ url }).compare(repository, "../../user", to)).rejects.toMatchObject({ code: "invalid" });
    await expect(at({ url, token: "env:T", secret: "a\nb" }).compare(repository, from, to)).rejects.toMatchObject({ message: expect.not.stringContaining("a\nb") });
  });
});
