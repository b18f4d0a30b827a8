import pg from "pg";
import type { Log } from "#lib/ports/runtime.ts";

const retryMinimumMs = 100;
const retryMaximumMs = 2_000;
/** A connection that died without a word (a cut cable) is found by asking it. */
const probeEveryMs = 5_000;
const probeTimeoutMs = 2_000;

export interface Listening {
  close(): Promise<void>;
}

/**
 * One LISTEN connection that comes back by itself. `onConnected` is called after each successful LISTEN: what was notified before it is lost, so the caller reads
 * what it may have missed. `onNotice` gets the payload as sent.
 */
export function listen(options: { url: string; channels: readonly string[]; log: Log; onConnected: () => void; onLost?: () => void; onNotice: (channel: string, payload: string) => void }): Listening {
  const { url, channels, log, onConnected, onLost, onNotice } = options;
  let closed = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let probe: NodeJS.Timeout | undefined;
  let failures = 0;

  function again(from: pg.Client): void {
    if (client !== from) return;
    client = undefined;
    clearInterval(probe);
    // Ending may itself wait for a dead connection; nobody waits for it.
    void from.end().catch(() => undefined);
    if (closed) return;
    onLost?.();
    failures += 1;
    retry = setTimeout(connect, Math.min(retryMaximumMs, retryMinimumMs * 2 ** (failures - 1)));
  }

  function connect(): void {
    const fresh = new pg.Client({ connectionString: url, application_name: "vigie-listen", keepAlive: true, connectionTimeoutMillis: 5_000, query_timeout: probeTimeoutMs });
    client = fresh;
    fresh.on("error", (error) => {
      if (failures === 0 && !closed) log.warn({ err: error }, "the connection that listens to the database broke; connecting again");
      again(fresh);
    });
    fresh.on("end", () => again(fresh));
    fresh.on("notification", (notice) => {
      if (client === fresh) onNotice(notice.channel, notice.payload ?? "");
    });
    void (async () => {
      try {
        await fresh.connect();
        for (const channel of channels) await fresh.query(`LISTEN ${fresh.escapeIdentifier(channel)}`);
        if (client !== fresh || closed) return;
        if (failures > 0) log.info({ failures }, "listening to the database again");
        failures = 0;
        probe = setInterval(() => {
          fresh.query("SELECT 1").catch(() => again(fresh));
        }, probeEveryMs);
        onConnected();
      } catch (error) {
        if (failures === 0 && !closed) log.warn({ err: error }, "cannot listen to the database; trying again");
        again(fresh);
      }
    })();
  }

  connect();
  return {
    async close() {
      closed = true;
      clearTimeout(retry);
      clearInterval(probe);
      const open = client;
      client = undefined;
      await open?.end().catch(() => undefined);
    },
  };
}
