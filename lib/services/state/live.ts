import { z } from "zod";
import { accessChannel, streamChannel } from "#lib/db/channels.ts";
import type { StreamNotice } from "#lib/db/channels.ts";
import { listen } from "#lib/db/listen.ts";
import type { Listening } from "#lib/db/listen.ts";
import { readHeartbeat } from "#lib/db/repositories/state.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { frameOf, snapshotFrames } from "#lib/services/state/frame.ts";
import type { Frame } from "#lib/services/state/frame.ts";
import { movedBetween, readNoticed, since } from "#lib/services/state/noticed.ts";
import type { Moved } from "#lib/services/state/noticed.ts";
import { loadPlatform, snapshotOf } from "#lib/services/state/platform.ts";
import type { Platform } from "#lib/services/state/platform.ts";
import { createSubscriber } from "#lib/services/state/subscriber.ts";
import type { Subscriber } from "#lib/services/state/subscriber.ts";

const beatEveryMs = 2_000;
const retryMs = 500;
const aheadMs = 2_000;
/** Snapshots of the same environments are shared by all who ask within this time, if nothing moved. */
const snapshotMemoryMs = 1_000;

const noticeSchema = z.object({ topic: z.enum(["state", "source", "release", "change", "operation", "guard", "incident"]), key: z.string(), position: z.int() });

export interface LiveSubscription {
  frames: AsyncIterable<Frame>;
  close(): void;
}

/** The live model of one process. */
export interface Live {
  /**
   * Events from a position on, or from a snapshot when `from` is null or not known here. The first frames come as soon as the model is loaded;
   * throws nothing while the database is away, it waits. `visible`: environments the reader may see.
   */
  subscribe(visible: readonly string[], from: number | null): LiveSubscription;
  /** Calls `ask` whenever access of `who` ("person:ID", "token:ID") changed, or may have while nobody listened. Returns how to stop that. */
  onAccess(who: string, ask: () => void): () => void;
  /** Resolves once loaded. */
  ready(): Promise<void>;
  subscribers(): number;
  close(): Promise<void>;
}

/**
 * One model per process, however many browsers look: loaded once, moved by notices (which say what moved; the rows are read), handed out to all.
 * After a break of the listening connection everything is read again and only what is newer is told.
 */
export function createLive(context: Pick<ServiceContext, "db" | "config" | "log">, databaseUrl: string): Live {
  const { db, config, log } = context;
  const environments = config.environments.map((e) => e.name);
  const subscribers = new Set<Subscriber>();
  /** Who has to be asked again when something is taken away from them, and by what. */
  const whoAsks = new Map<() => void, string>();
  const notices: StreamNotice[] = [];
  const snapshots = new Map<string, { position: number; at: number; frames: Frame[] }>();
  let platform: Platform | null = null;
  /** Position of the last complete reading: notices up to it tell nothing new. */
  let loadedAt = 0;
  let mustReload = false;
  let working: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  const life = { closed: false };
  /** Database time minus this process's own. */
  let offsetMs = 0;
  let markReady: () => void = () => undefined;
  const loaded = new Promise<void>((resolve) => (markReady = resolve));

  const databaseTime = (): Date => new Date(Date.now() + offsetMs);

  function tell(frames: Iterable<Frame>): void {
    for (const frame of frames) for (const subscriber of subscribers) subscriber.push(frame);
  }

  const framesOf = (moved: readonly Moved[]): Frame[] => moved.map(({ event, environment, position }) => frameOf(event, environment, position));

  async function reload(): Promise<void> {
    const fresh = await loadPlatform(db, environments);
    const before = platform;
    platform = fresh;
    loadedAt = fresh.position;
    offsetMs = fresh.now.getTime() - Date.now();
    snapshots.clear();
    if (before === null) {
      markReady();
      for (const subscriber of subscribers) subscriber.restart();
      return;
    }
    const moved = fresh.position < before.position ? null : movedBetween(before, fresh);
    // Another database, or one that was put back: nothing that was told holds.
    if (moved === null) for (const subscriber of subscribers) subscriber.restart();
    else tell(framesOf(moved));
  }

  async function apply(batch: readonly StreamNotice[], to: Platform): Promise<void> {
    const moved = await readNoticed(db, environments, batch, to);
    to.position = Math.max(to.position, ...batch.map((notice) => notice.position));
    tell(framesOf(moved));
  }

  function work(): void {
    if (working || life.closed) return;
    working = (async () => {
      try {
        while (!life.closed && (mustReload || notices.length > 0)) {
          if (mustReload || platform === null) {
            notices.length = 0;
            mustReload = false;
            await reload().catch((error: unknown) => {
              mustReload = true;
              throw error;
            });
            continue;
          }
          const model = platform;
          const batch = notices.splice(0).filter((notice) => notice.position > loadedAt);
          if (batch.length === 0) continue;
          await apply(batch, model).catch((error: unknown) => {
            mustReload = true;
            throw error;
          });
        }
      } catch (error) {
        log.warn({ err: error }, "the live state cannot be read; trying again");
        clearTimeout(retry);
        retry = setTimeout(work, retryMs);
      } finally {
        working = null;
      }
      if (!life.closed && notices.length > 0 && !mustReload) work();
    })();
  }

  const listening: Listening = listen({
    url: databaseUrl,
    channels: [streamChannel, accessChannel],
    log,
    onConnected() {
      for (const ask of whoAsks.keys()) ask();
      mustReload = true;
      work();
    },
    onNotice(channel, payload) {
      if (channel === accessChannel) {
        for (const [ask, who] of whoAsks) if (who === payload) ask();
        return;
      }
      try {
        notices.push(noticeSchema.parse(JSON.parse(payload)));
        work();
      } catch (error) {
        log.error({ err: error }, "a notice of the stream cannot be read");
      }
    },
  });

  let beating = false;
  async function beat(): Promise<void> {
    if (beating) return;
    beating = true;
    try {
      const { workerSeenAt, now } = await readHeartbeat(db);
      offsetMs = now.getTime() - Date.now();
      if (platform) platform.workerSeenAt = workerSeenAt;
    } catch {
      // The last heartbeat stands and grows old: readers see that by themselves.
    } finally {
      beating = false;
    }
    if (!life.closed && platform) tell([frameOf({ type: "beat", data: { now: databaseTime().toISOString(), workerSeenAt: platform.workerSeenAt?.toISOString() ?? null } }, null, null)]);
  }
  const beats = setInterval(() => void beat(), beatEveryMs);
  beats.unref();

  function snapshot(visible: readonly string[]): Frame[] {
    if (platform === null) return [];
    const key = visible.join(" ");
    const known = snapshots.get(key);
    if (known && known.position === platform.position && Date.now() - known.at < snapshotMemoryMs) return [...known.frames];
    const frames = snapshotFrames(snapshotOf(config, platform, visible, databaseTime()));
    snapshots.set(key, { position: platform.position, at: Date.now(), frames });
    return [...frames];
  }

  return {
    subscribe(visible, from) {
      const seen = new Set(visible);
      const model = platform;
      const resumed = (at: Platform, after: number): Frame[] => [...framesOf(since(at, after)).filter((frame) => frame.environment === null || seen.has(frame.environment)), frameOf({ type: "ready", data: { position: at.position } }, null, at.position)];
      // Null lets it begin with a snapshot; nothing at all, with whatever comes.
      const first = model === null ? [] : from === null ? null : from > model.position ? [] : resumed(model, from);
      const ahead = model !== null && from !== null && from > model.position;
      // A page may be made a moment before this model hears of the same rows. A position that never comes is another database's.
      const patience = ahead ? setTimeout(() => (platform?.position ?? 0) < from && subscriber.restart(), aheadMs) : undefined;
      const subscriber = createSubscriber(seen, () => snapshot(visible), first, () => {
        clearTimeout(patience);
        subscribers.delete(subscriber);
      });
      subscribers.add(subscriber);
      return { frames: subscriber.frames, close: () => subscriber.end() };
    },
    onAccess(who, ask) {
      whoAsks.set(ask, who);
      return () => void whoAsks.delete(ask);
    },
    ready: () => loaded,
    subscribers: () => subscribers.size,
    async close() {
      life.closed = true;
      clearInterval(beats);
      clearTimeout(retry);
      for (const subscriber of subscribers) subscriber.end();
      await listening.close();
      await working;
    },
  };
}

/** Route handlers, server actions and instrumentation are separate module instances in Next: only globalThis is shared. */
const shared = globalThis as typeof globalThis & { vigieLive?: Live };

/** The live model of this process, made at the first call. */
export function getLive(context: ServiceContext, databaseUrl: string): Live {
  shared.vigieLive ??= createLive(context, databaseUrl);
  return shared.vigieLive;
}

