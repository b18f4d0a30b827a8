import { z } from "zod";

/** As Grafana keeps and answers them. Source: https://grafana.com/docs/grafana/latest/developers/http_api/annotations/ */
export interface Annotation {
  id: number;
  time: number;
  timeEnd: number;
  text: string;
  tags: string[];
  created: number;
  updated: number;
}

const epochMs = z.int().min(0).max(8.64e15);
const createSchema = z.object({ time: epochMs.optional(), timeEnd: epochMs.optional(), text: z.string().default(""), tags: z.array(z.string()).default([]) });
const patchSchema = z.object({ time: epochMs.optional(), timeEnd: epochMs.optional(), text: z.string().optional(), tags: z.array(z.string()).optional() });

const most = 1_000;

export interface AnnotationStore {
  /** The new one's id, or why not. */
  add(body: unknown, nowMs: number): { id: number } | { refused: string };
  change(id: number, body: unknown, nowMs: number): "changed" | "missing" | { refused: string };
  remove(id: number): boolean;
  get(id: number): Annotation | undefined;
  /** Newest first. Every tag has to be there, unless `matchAny`. */
  find(query: { from?: number; to?: number; tags: readonly string[]; matchAny: boolean; limit: number }): Annotation[];
}

/** Bounded: the oldest are forgotten. */
export function createAnnotationStore(): AnnotationStore {
  const kept = new Map<number, Annotation>();
  let last = 0;
  return {
    add(body, nowMs) {
      const parsed = createSchema.safeParse(body);
      if (!parsed.success) return { refused: "bad request data" };
      if (parsed.data.text === "") return { refused: "Failed to save annotation" };
      const time = parsed.data.time ?? nowMs;
      const timeEnd = parsed.data.timeEnd ?? time;
      last += 1;
      // Grafana swaps the ends of a region that ends before it begins.
      kept.set(last, { id: last, time: Math.min(time, timeEnd), timeEnd: Math.max(time, timeEnd), text: parsed.data.text, tags: parsed.data.tags, created: nowMs, updated: nowMs });
      const oldest = kept.keys().next().value;
      if (kept.size > most && oldest !== undefined) kept.delete(oldest);
      return { id: last };
    },
    change(id, body, nowMs) {
      const known = kept.get(id);
      if (known === undefined) return "missing";
      const parsed = patchSchema.safeParse(body);
      if (!parsed.success) return { refused: "bad request data" };
      const { time = known.time, timeEnd = known.timeEnd, text, tags } = parsed.data;
      kept.set(id, { ...known, time, timeEnd, text: text === undefined || text === "" ? known.text : text, tags: tags ?? known.tags, updated: nowMs });
      return "changed";
    },
    remove: (id) => kept.delete(id),
    get: (id) => kept.get(id),
    find({ from, to, tags, matchAny, limit }) {
      const found = [...kept.values()].filter((one) => (from === undefined || one.timeEnd >= from) && (to === undefined || one.time <= to) && (tags.length === 0 || (matchAny ? tags.some((tag) => one.tags.includes(tag)) : tags.every((tag) => one.tags.includes(tag)))));
      return found.toReversed().slice(0, limit);
    },
  };
}
