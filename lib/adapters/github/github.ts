import { z } from "zod";
import { getJson } from "#lib/adapters/github/http.ts";
import type { GithubReply } from "#lib/adapters/github/http.ts";
import type { GithubConfig } from "#lib/contracts/config.ts";
import { VigieError } from "#lib/domain/error.ts";
import { clean } from "#lib/domain/fold-read.ts";
import { isRevision } from "#lib/domain/source-repository.ts";
import type { SourceApi, SourceCommit } from "#lib/ports/source.ts";

export interface GithubOptions {
  config: GithubConfig;
  readSecret: (reference: string) => string;
  now: () => Date;
  timeoutMs?: number;
  maximumBytes?: number;
}

/** Shape of https://docs.github.com/en/rest/commits/commits#compare-two-commits ; what is not asked for here is left out. */
const commitSchema = z.object({ sha: z.string().max(64), commit: z.object({ message: z.string(), author: z.object({ name: z.string(), date: z.string() }).nullish() }) });
const compareSchema = z.object({ total_commits: z.int().nonnegative(), commits: z.array(commitSchema).max(250) });
const saidSchema = z.object({ message: z.string() });

const perPage = 100;
const longestTitle = 200;
/** What lies between two commits never changes; what could not be asked is asked again soon. */
const keptMs = 3_600_000;
const failureKeptMs = 120_000;
const mostKept = 200;

type Answer = Awaited<ReturnType<SourceApi["compare"]>>;

/** Asks one GitHub (or Enterprise Server) what is between commits. Answers are kept, so that an incident page open for hours costs one question. */
export function createGithub({ config, readSecret, now, timeoutMs = 8_000, maximumBytes = 4 * 1024 * 1024 }: GithubOptions): SourceApi {
  const base = new URL(config.url);
  const place = base.host;
  const kept = new Map<string, { until: number; answer: Promise<Answer> }>();
  const upstream = (why: string, cause?: unknown): VigieError => new VigieError("upstream", `GitHub at ${place} cannot be asked: ${why}.`, { cause });

  async function ask(owner: string, name: string, range: string, page: number, signal: AbortSignal | undefined): Promise<z.infer<typeof compareSchema>> {
    const url = new URL(`${base.pathname.replace(/\/$/, "")}/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/compare/${range}?per_page=${perPage}&page=${page}`, base);
    const headers: Record<string, string> = { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28", "user-agent": "vigie" };
    if (config.token !== undefined) headers.authorization = `Bearer ${tokenOf(config.token, readSecret)}`;
    const reply = await getJson({ url, headers, timeoutMs, maximumBytes, signal }).catch((error: unknown) => {
      throw upstream(error instanceof Error ? error.message : String(error), error);
    });
    if (reply.status !== 200) throw refusal(reply, `${owner}/${name}`);
    const parsed = compareSchema.safeParse(reply.body);
    if (!parsed.success) throw upstream(reply.body === undefined ? "its answer is not JSON" : `its answer has another shape (${parsed.error.issues[0]?.path.join(".") ?? ""})`);
    return parsed.data;
  }

  function refusal({ status, headers, body }: GithubReply, repository: string): VigieError {
    const said = clean(saidSchema.safeParse(body).data?.message.slice(0, 200) ?? "");
    if (status === 404) return new VigieError("not-found", `GitHub at ${place} knows no ${repository}, or not these commits in it${config.token === undefined ? "; a private repository needs github.token" : ", or github.token may not see it"}.`);
    if (status === 401) return upstream("it refuses github.token (401); put a new one where vigie.yaml refers to");
    const resets = Number(headers["x-ratelimit-reset"]);
    const limited = status === 429 || headers["x-ratelimit-remaining"] === "0" || headers["retry-after"] !== undefined || /rate limit/i.test(said);
    if ((status === 403 || status === 429) && limited) {
      const until = Number.isFinite(resets) && resets > 0 && resets < 8.64e12 ? ` until ${new Date(resets * 1000).toISOString().slice(11, 16)} UTC` : "";
      return new VigieError("unavailable", `GitHub at ${place} answers no more questions${until} (its rate limit)${config.token === undefined ? "; with github.token it answers many more" : ""}.`);
    }
    if (status === 403) return upstream(`it does not let Vigie see ${repository} (403)${said === "" ? "" : `: ${said}`}`);
    if (status >= 300 && status < 400) return upstream(`${repository} has moved (${status}); write its new name in the images' label or in vigie.yaml`);
    return upstream(`it answers ${status}${said === "" ? "" : `: ${said}`}`);
  }

  async function compare(owner: string, name: string, from: string, to: string, signal: AbortSignal | undefined): Promise<Answer> {
    const range = `${from}...${to}`;
    const first = await ask(owner, name, range, 1, signal);
    const pages = Math.ceil(first.total_commits / perPage);
    const last = pages <= 1 ? first : await ask(owner, name, range, pages, signal);
    // Oldest first, as Git has them; the newest are what people look for.
    const newest = [...(pages <= 1 ? [] : pages === 2 ? first.commits : []), ...last.commits].slice(-perPage).toReversed();
    return { total: first.total_commits, commits: newest.map(commitOf) };
  }

  return {
    async compare(repository, from, to, signal) {
      if (repository.host !== config.host) throw new VigieError("not-found", `${repository.host} is not asked for commits: github.host in vigie.yaml is ${config.host}.`);
      if (!isRevision(from) || !isRevision(to)) throw new VigieError("invalid", `"${from.slice(0, 70)}" and "${to.slice(0, 70)}" are not both commit ids.`);
      const key = `${repository.owner}/${repository.name}/${from}...${to}`;
      const at = now().getTime();
      const known = kept.get(key);
      if (known !== undefined && at < known.until) return known.answer;
      const entry = { until: at + keptMs, answer: compare(repository.owner, repository.name, from, to, signal) };
      kept.set(key, entry);
      // One that was given up by its asker says nothing about GitHub.
      entry.answer.catch(() => (signal?.aborted === true ? kept.delete(key) : (entry.until = at + failureKeptMs)));
      for (const oldest of kept.keys()) if (kept.size > mostKept) kept.delete(oldest);
      return entry.answer;
    },
  };
}

function tokenOf(reference: string, readSecret: (reference: string) => string): string {
  const token = readSecret(reference);
  if (!/^[\x21-\x7e]+$/.test(token)) throw new VigieError("invalid", `The secret ${reference} for GitHub has characters that no token has. Write it again, on one line.`);
  return token;
}

function commitOf({ sha, commit }: z.infer<typeof commitSchema>): SourceCommit {
  const at = new Date(commit.author?.date ?? Number.NaN);
  return { id: sha, title: clean((commit.message.split("\n")[0] ?? "").slice(0, longestTitle)), author: clean(commit.author?.name.slice(0, 100) ?? "unknown"), at: Number.isNaN(at.getTime()) ? null : at };
}
