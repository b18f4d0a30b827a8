import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkpointLine, isSigned, readPublicKeys } from "#lib/domain/checkpoint.ts";
import { DeliveryError } from "#lib/ports/checkpoints.ts";
import type { CheckpointPlace } from "#lib/ports/checkpoints.ts";
import { readCheckpoints } from "#lib/services/audit/checkpoints.ts";
import { verifyChain } from "#lib/services/audit/verify.ts";
import { actorWith, createTestContext, testConfig } from "#lib/services/test-context.ts";
import { createCheckpointer } from "#lib/worker/checkpoints/checkpointer.ts";
import { eager, openTestLog, rehashFrom } from "#lib/worker/checkpoints/test-log.ts";
import type { TestLogStage } from "#lib/worker/checkpoints/test-log.ts";

const viewer = actorWith("viewer");
let on: TestLogStage;

describe("checkpoints", () => {
  beforeAll(async () => {
    on = await openTestLog();
  });
  afterAll(() => on.close());

  test("are signed, kept and written to the file, also when nothing happened; the page says so", async () => {
    expect(await readCheckpoints(on.context, viewer)).toMatchObject({ newest: null, warnings: [] });
    await on.sign();
    await on.append(3);
    expect((await readCheckpoints(on.context, viewer)).uncovered).toBe(3);
    await on.sign();
    await on.sign();
    const inFile = on.inFile();
    expect(inFile.map(({ checkpoint }) => [checkpoint.origin, checkpoint.size])).toEqual([["vigie/testing", 0], ["vigie/testing", 3], ["vigie/testing", 3]]);
    const keys = readPublicKeys(on.checkpoints.signer.publicKey);
    expect(inFile.every((signed) => isSigned(signed, keys))).toBe(true);
    expect((await verifyChain(on.context)).checkpoints).toEqual({ checked: 3, newest: { size: 3, time: inFile[2]?.checkpoint.time }, firstBad: null });
    const state = await readCheckpoints(on.context, viewer);
    expect(state).toMatchObject({ newest: { checkpoint: { size: 3 } }, uncovered: 0, keys: [{ id: on.checkpoints.signer.keyId, publicKey: on.checkpoints.signer.publicKey }], places: [{ name: "home", kind: "file", deliveredSize: 3, waiting: 0, error: null }] });
  });

  test("are told when they are late: by the pace that was promised", async () => {
    const paced = (everyMinutes: number) => createTestContext(on.database.db, { ...eager, audit: { ...eager.audit, checkpoints: { ...eager.audit.checkpoints, everyMinutes } } });
    await on.append(1);
    await on.tamper("UPDATE audit_checkpoint SET time = time - interval '10 minutes'");
    expect((await readCheckpoints(paced(60), viewer)).warnings).toEqual([]);
    expect((await readCheckpoints(paced(5), viewer)).warnings).toMatchObject([{ kind: "late", sentence: expect.stringMatching(/10 minutes old, one is due every 5: 1 entries/) }]);
    await on.tamper("UPDATE audit_checkpoint SET time = time + interval '10 minutes'");
  });

  test("are made by one worker: without the lease nothing is signed", async () => {
    const before = on.inFile().length;
    await on.append(1);
    const other = { ...on.lease, holder: "worker-2" };
    await createCheckpointer({ context: on.context, checkpoints: on.checkpoints, lease: () => other }).look();
    await createCheckpointer({ context: on.context, checkpoints: on.checkpoints, lease: () => null }).look();
    await on.parts().deliverer.look();
    expect(on.inFile()).toHaveLength(before);
  });

  test("are made after so many entries, whatever the time", async () => {
    const context = createTestContext(on.database.db, { ...testConfig, audit: { ...testConfig.audit, checkpoints: { ...testConfig.audit.checkpoints, everyMinutes: 60, everyEntries: 4 } } });
    await on.sign();
    const checkpointer = createCheckpointer({ context, checkpoints: on.checkpoints, lease: () => on.lease });
    const newest = async () => (await readCheckpoints(context, viewer)).newest?.checkpoint.size;
    const size = (await newest()) ?? 0;
    await on.append(3);
    await checkpointer.look();
    expect(await newest()).toBe(size);
    await on.append(1);
    await checkpointer.look();
    expect(await newest()).toBe(size + 4);
  });
});

describe("delivery", () => {
  beforeEach(async () => {
    on = await openTestLog();
  });
  afterEach(() => on.close());

  test("waits for a place that is away, in order, over restarts of the worker; others do not wait for it", async () => {
    const taken: number[] = [];
    let away = true;
    const flaky: CheckpointPlace = {
      name: "flaky",
      put: async ({ checkpoint }) => {
        if (away) throw new DeliveryError("flaky.example.org answered with HTTP 503.");
        taken.push(checkpoint.size);
      },
    };
    const places = [flaky, ...on.checkpoints.places];
    for (let count = 0; count < 3; count++) {
      const { checkpointer, deliverer } = on.parts(places);
      await on.append(1);
      await checkpointer.look();
      await deliverer.look();
      await deliverer.close();
    }
    expect(on.inFile()).toHaveLength(3);
    // Told once it has lasted for more than a moment.
    await on.tamper("UPDATE audit_checkpoint SET time = time - interval '2 minutes'");
    const config = { ...eager, audit: { ...eager.audit, checkpoints: { ...eager.audit.checkpoints, everyMinutes: 60, places: [{ kind: "webhook" as const, name: "flaky", url: "https://flaky.example.org/", secret: "env:NONE" }] } } };
    expect((await readCheckpoints(createTestContext(on.database.db, config), viewer)).warnings).toMatchObject([{ kind: "undelivered", sentence: expect.stringMatching(/3 checkpoints have not reached flaky since .*: flaky\.example\.org answered with HTTP 503/) }]);
    away = false;
    await on.parts(places).deliverer.look();
    expect(taken).toEqual([1, 2, 3]);
    expect(on.inFile()).toHaveLength(3);
  });

  test("that was not written down is done again, and changes nothing: each stands in the file once", async () => {
    await on.append(2);
    await on.sign();
    await on.tamper("UPDATE audit_checkpoint_delivery SET delivered_at = NULL");
    await on.parts().deliverer.look();
    expect(on.inFile()).toHaveLength(1);
  });

  test("completes a line that a crash tore", async () => {
    await on.append(1);
    await on.sign();
    const whole = readFileSync(on.file, "utf8");
    for (const left of [1, 40, whole.length - 1]) {
      truncateSync(on.file, left);
      await on.tamper("UPDATE audit_checkpoint_delivery SET delivered_at = NULL");
      await on.parts().deliverer.look();
      expect(readFileSync(on.file, "utf8")).toBe(whole);
    }
    // Somebody else's half line is left as it is, and does not take the next one with it.
    appendFileSync(on.file, "half a li");
    await on.sign();
    expect(readFileSync(on.file, "utf8").split("\n").slice(1)).toEqual(["half a li", expect.stringMatching(/^\{"checkpoint"/), ""]);
  });

  test("into a file that knows a longer log is refused: the log was cut, or an old backup restored", async () => {
    await on.append(1);
    const longer = on.checkpoints.signer.sign({ origin: on.checkpoints.origin, size: 50, head: "a".repeat(64), time: "2026-01-01T00:00:00.000Z" });
    writeFileSync(on.file, `${checkpointLine(longer)}\n`);
    await on.sign();
    expect(on.inFile()).toEqual([longer]);
    expect((await readCheckpoints(on.context, viewer)).places[0]).toBeDefined();
    expect(await on.database.db.auditCheckpointDeliveryRow.findFirst()).toMatchObject({ deliveredAt: null, error: expect.stringMatching(/ends with a checkpoint of 50 entries .* but the log has 1: the log was cut/) });
  });

  test("into a folder that does not exist says so", async () => {
    const { createFilePlace } = await import("#lib/adapters/checkpoints/file.ts");
    const place = createFilePlace("nowhere", `${on.file}/nowhere/checkpoints.jsonl`);
    const signed = on.checkpoints.signer.sign({ origin: "x", size: 0, head: "0".repeat(64), time: "2026-01-01T00:00:00.000Z" });
    await expect(place.put(signed, new AbortController().signal)).rejects.toMatchObject({ name: "DeliveryError", message: expect.stringMatching(/cannot be written to \((its folder does not exist|ENOTDIR)\)/) });
  });

  test("stops with the worker: what is under way is ended", async () => {
    const begun = Promise.withResolvers<void>();
    const hanging: CheckpointPlace = { name: "hanging", put: (_, signal) => new Promise((_resolve, reject) => { begun.resolve(); signal.addEventListener("abort", () => reject(new DeliveryError("aborted."))); }) };
    const { checkpointer, deliverer } = on.parts([hanging]);
    await checkpointer.look();
    const looked = deliverer.look();
    await begun.promise;
    await deliverer.close();
    await looked;
    await sleep(0);
    expect(await on.database.db.auditCheckpointDeliveryRow.findFirst()).toMatchObject({ deliveredAt: null, attempts: 1 });
  });
});

describe("a log that does not continue what was signed", () => {
  beforeEach(async () => {
    on = await openTestLog();
    await on.append(4);
    await on.sign();
    await on.append(3);
  });
  afterEach(() => on.close());

  test.each<[string, string[], RegExp]>([
    ["cut below the last checkpoint", ["DELETE FROM audit_entry WHERE sequence > 2"], /ends with entry 2, but a checkpoint of 4 entries was signed/],
    ["written anew below it", ["UPDATE audit_entry SET bytes = replace(bytes, 'something', 'else') WHERE sequence = 2", rehashFrom(2)], /Entry 4 has another hash than the checkpoint/],
    ["broken after it", ["UPDATE audit_entry SET bytes = replace(bytes, 'something', 'else') WHERE sequence = 6"], /stored text of entry 6 does not give its hash/],
  ])("is never signed over: %s", async (_, statements, sentence) => {
    await on.tamper(...statements);
    await on.sign();
    await on.sign();
    expect(on.inFile()).toHaveLength(1);
    const { warnings } = await readCheckpoints(on.context, viewer);
    expect(warnings).toMatchObject([{ kind: "refused", sentence: expect.stringMatching(sentence) }]);
    // Written down once, however often it is looked at.
    const entries = await on.database.db.auditEntryRow.findMany({ where: { action: "audit.verify" } });
    expect(entries).toMatchObject([{ outcome: "failed", actorKind: "system" }]);
  });

  test("also when the copies were cut with it, as long as this worker lives", async () => {
    const { checkpointer } = on.parts();
    await checkpointer.look();
    await on.tamper("DELETE FROM audit_entry WHERE sequence > 5", "DELETE FROM audit_checkpoint_delivery", "DELETE FROM audit_checkpoint WHERE size > 5");
    await checkpointer.look();
    expect((await readCheckpoints(on.context, viewer)).warnings).toMatchObject([{ kind: "refused", sentence: expect.stringContaining("a checkpoint of 7 entries") }]);
  });
});
