import { generateKeyPairSync } from "node:crypto";
import type { SignedCheckpoint } from "#lib/contracts/checkpoint.ts";
import { chainStart, hashOfBytes } from "#lib/domain/audit-chain.ts";
import type { ChainPosition, ChainRow } from "#lib/domain/audit-chain.ts";
import { createSigner } from "#lib/domain/checkpoint.ts";
import type { CheckpointSigner } from "#lib/domain/checkpoint.ts";

/** A row as `audit_append` would write it after another. */
export function rowAfter(previous: string, sequence: number, summary = `entry ${sequence}`, after: Record<string, unknown> | null = null): ChainRow {
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, sequence));
  const body = { action: "plan.create", actor: { id: "u1", kind: "person", name: "Ada" }, after, before: null, bigPods: ["core"], environment: "prod", operationId: null, outcome: "allowed", reason: null, summary };
  const bytes = `{"at":"${at.toISOString()}","body":${JSON.stringify(body)},"previous":"${previous}","sequence":${sequence}}`;
  return { sequence, at, action: body.action, outcome: body.outcome, actorKind: "person", actorId: "u1", actorName: "Ada", environment: "prod", bigPods: ["core"], operationId: null, bytes, hash: hashOfBytes(bytes) };
}

/** So many rows that follow on each other; every third has values. */
export function chain(length: number, from: ChainPosition = chainStart, summary: (sequence: number) => string = (sequence) => `entry ${sequence}`): ChainRow[] {
  const rows: ChainRow[] = [];
  let previous = from.hash;
  for (let sequence = from.sequence + 1; sequence <= from.sequence + length; sequence++) {
    const row = rowAfter(previous, sequence, summary(sequence), sequence % 3 === 0 ? { release: sequence } : null);
    rows.push(row);
    previous = row.hash;
  }
  return rows;
}

/** A line of an export. */
export function exportLine({ sequence, hash, bytes }: Pick<ChainRow, "sequence" | "hash" | "bytes">): string {
  return JSON.stringify({ sequence, hash, bytes });
}

export function newSigner(): CheckpointSigner {
  return createSigner(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString());
}

/** Checkpoints of a chain at these sizes, a minute apart. */
export function checkpointsOf(rows: readonly ChainRow[], sizes: readonly number[], signer: CheckpointSigner, origin = "vigie/test"): SignedCheckpoint[] {
  return sizes.map((size, index) => signer.sign({ origin, size, head: size === 0 ? chainStart.hash : (rows.find(({ sequence }) => sequence === size)?.hash ?? ""), time: new Date(Date.UTC(2026, 0, 1, 1, index)).toISOString() }));
}
