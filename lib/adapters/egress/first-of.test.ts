import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import { firstOf } from "#lib/adapters/egress/first-of.ts";
import { ask } from "#lib/adapters/egress/outgoing.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";
import { isTestFile } from "#lib/runtime/checks/directions.ts";
import { root } from "#lib/runtime/home.ts";

describe("one signal out of several", () => {
  test("aborts with the first of them, for its reason, once", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const { signal } = firstOf([one.signal, undefined, other.signal]);
    let told = 0;
    signal.addEventListener("abort", () => (told += 1));
    expect(signal.aborted).toBe(false);
    other.abort("enough");
    one.abort("too late");
    expect([signal.aborted, signal.reason, told]).toEqual([true, "enough", 1]);
  });

  test("of one that has ended already", () => {
    expect(firstOf([new AbortController().signal, AbortSignal.abort("before")]).signal).toMatchObject({ aborted: true, reason: "before" });
    expect(firstOf([]).signal.aborted).toBe(false);
  });

  test("released, it is let alone", () => {
    const one = new AbortController();
    const { signal, release } = firstOf([one.signal]);
    release();
    one.abort();
    expect(signal.aborted).toBe(false);
  });
});

describe("signals with a time limit are not kept for good", () => {
  const collect = (): void => {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)(); // what the flag gives
  };

  /** How many of the signals that were given to a hundred pieces of work are still there once all are over. */
  async function left(work: (signal: AbortSignal) => Promise<unknown>): Promise<number> {
    const long = new AbortController();
    const given: WeakRef<AbortSignal>[] = [];
    for (let round = 0; round < 100; round += 1) {
      const signal = AbortSignal.any([long.signal, AbortSignal.timeout(600_000)]);
      given.push(new WeakRef(signal));
      await work(signal);
    }
    const still = (): number => given.filter((one) => one.deref() !== undefined).length;
    // What the last answers hold is let go of some turns later.
    for (let turn = 0; turn < 50 && still() > 5; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    return still();
  }

  async function server(): Promise<URL> {
    const listening = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
    await new Promise((resolve) => listening.once("listening", resolve));
    onTestFinished(() => {
      listening.closeAllConnections();
      listening.close();
    });
    return new URL(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`); // a TCP server that listens
  }

  test("by whoever asks a cluster", async () => {
    const transport = createTransport({ cluster: "prod", connection: { server: await server(), servername: undefined, verifyTls: true, credentials: async () => ({ headers: {}, tls: {} }), forget() {} }, requestTimeoutMs: 60_000, connectTimeoutMs: 60_000 });
    onTestFinished(() => transport.close());
    expect(await left((signal) => transport.call({ method: "GET", path: "/", what: "ask", signal }))).toBeLessThanOrEqual(5);
  });

  test("by whoever asks anything else", async () => {
    const url = await server();
    expect(await left((signal) => ask({ method: "GET", url, headers: {}, timeoutMs: 60_000, maximumBytes: 1_000, reach: "configured", signal }))).toBeLessThanOrEqual(5);
  });

  test("no adapter gives a signal that it was given to AbortSignal.any", () => {
    const files = readdirSync(join(root, "lib/adapters"), { recursive: true, encoding: "utf8" }).map((name) => `lib/adapters/${name}`).filter((file) => file.endsWith(".ts") && !isTestFile(file));
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => readFileSync(join(root, file), "utf8").includes("AbortSignal.any("))).toEqual([]);
  });
});
