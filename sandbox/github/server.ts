import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { closeServer, isLoopbackHostHeader, listenOnLoopback } from "#sandbox/loopback.ts";
import { commitsOf } from "#sandbox/github/commits.ts";
import type { Commit } from "#sandbox/github/commits.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";

export interface GithubOptions {
  catalogue: ImageCatalogue;
  /** 0 takes a free one. */
  port: number;
  host: string;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Requests an hour that are answered without a token. */
  hourlyLimit?: number;
  /** With this token there is no such limit; any other is refused. */
  token?: string;
}

interface Reply {
  status: number;
  body: object;
}

const documentation = "https://docs.github.com/rest";
const route = /^\/repos\/([\w.-]{1,100})\/([\w.-]{1,100})\/compare\/([^/]{1,200}?)\.\.\.([^/]{1,200})$/;
const hourMs = 3_600_000;

/**
 * The part of GitHub's REST API that compares commits, over repositories whose history follows from the catalogue's builds.
 * Sources: https://docs.github.com/en/rest/commits/commits#compare-two-commits and https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export async function startGithub({ catalogue, port, host, now = Date.now, hourlyLimit = 60, token }: GithubOptions): Promise<{ url: string; stop(): Promise<void> }> {
  let window = { beganMs: now(), used: 0 };

  function limited(request: IncomingMessage): { refused: Reply | null; headers: Record<string, string> } {
    const given = /^(?:Bearer|token) (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (given !== undefined) return { refused: given === token ? null : { status: 401, body: { message: "Bad credentials", documentation_url: documentation, status: "401" } }, headers: {} };
    if (now() - window.beganMs >= hourMs) window = { beganMs: now(), used: 0 };
    window.used += 1;
    const headers = { "x-ratelimit-limit": String(hourlyLimit), "x-ratelimit-remaining": String(Math.max(0, hourlyLimit - window.used)), "x-ratelimit-reset": String(Math.ceil((window.beganMs + hourMs) / 1000)) };
    const refused = window.used <= hourlyLimit ? null : { status: 403, body: { message: "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated requests get a higher rate limit.)", documentation_url: documentation } };
    return { refused, headers };
  }

  const server = createServer((request, response) => {
    const { refused, headers } = limited(request);
    const { status, body } = refused ?? answer(request, catalogue);
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", "x-github-media-type": "github.v3; format=json", ...headers });
    response.end(JSON.stringify(body));
  });
  const url = await listenOnLoopback(server, host, port, "The sandbox's GitHub");
  return { url, stop: () => closeServer(server) };
}

const notFound: Reply = { status: 404, body: { message: "Not Found", documentation_url: documentation, status: "404" } };

function answer(request: IncomingMessage, catalogue: ImageCatalogue): Reply {
  if (!isLoopbackHostHeader(request.headers.host)) return { status: 403, body: { message: "Forbidden" } };
  const url = URL.parse(request.url ?? "", "http://sandbox");
  const parts = url === null ? null : route.exec(url.pathname);
  if (url === null || parts === null || request.method !== "GET") return notFound;
  const [, owner = "", name = "", base = "", head = ""] = parts;
  const history = commitsOf(catalogue, `https://github.com/${owner}/${name}`);
  const [from, to] = [place(history, base), place(history, head)];
  if (from === -1 || to === -1) return notFound;
  const perPage = numberIn(url.searchParams.get("per_page"), 250);
  const page = numberIn(url.searchParams.get("page"), 100_000, 1);
  const between = history.slice(from + 1, Math.max(from, to) + 1);
  const status = from === to ? "identical" : from < to ? "ahead" : "behind";
  return {
    status: 200,
    body: {
      url: `https://api.github.com/repos/${owner}/${name}/compare/${base}...${head}`, html_url: `https://github.com/${owner}/${name}/compare/${base}...${head}`,
      status, ahead_by: between.length, behind_by: Math.max(0, from - to), total_commits: between.length,
      base_commit: commitBody(history[from], owner, name), merge_base_commit: commitBody(history[Math.min(from, to)], owner, name),
      commits: between.slice((page - 1) * perPage, page * perPage).map((commit) => commitBody(commit, owner, name)),
      files: [],
    },
  };
}

/** Index of a commit by its id, shortened or not; -1 for none or several. */
function place(history: readonly Commit[], id: string): number {
  if (!/^[0-9a-f]{7,40}$/.test(id)) return -1;
  const found = history.findIndex((commit) => commit.id.startsWith(id));
  return found === history.findLastIndex((commit) => commit.id.startsWith(id)) ? found : -1;
}

function numberIn(text: string | null, most: number, otherwise = most): number {
  const given = text === null || !/^\d{1,9}$/.test(text) ? otherwise : Number(text);
  return Math.min(most, Math.max(1, given));
}

function commitBody(commit: Commit | undefined, owner: string, name: string): object | null {
  if (commit === undefined) return null;
  const person = { name: commit.author, email: `${commit.author.toLowerCase()}@users.noreply.github.com`, date: commit.at };
  return { sha: commit.id, html_url: `https://github.com/${owner}/${name}/commit/${commit.id}`, commit: { author: person, committer: person, message: commit.message }, author: null, committer: null, parents: [] };
}
