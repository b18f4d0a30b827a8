import type { SignedCheckpoint } from "#lib/contracts/checkpoint.ts";
import type { CheckpointSigner } from "#lib/domain/checkpoint.ts";

/** Somewhere outside the database that keeps signed checkpoints. */
export interface CheckpointPlace {
  name: string;
  /**
   * Keeps it, once, however often it is handed over; resolves when it is safe there. Never overwrites anything.
   * Throws DeliveryError with a sentence that holds no secret.
   */
  put(signed: SignedCheckpoint, signal: AbortSignal): Promise<void>;
}

/** A checkpoint that did not arrive. */
export class DeliveryError extends Error {
  /** The place holds something that contradicts it: a person has to look. */
  readonly conflict: boolean;

  constructor(message: string, options: { conflict?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "DeliveryError";
    this.conflict = options.conflict ?? false;
  }
}

/** What the worker makes checkpoints with. */
export interface Checkpoints {
  origin: string;
  signer: CheckpointSigner;
  places: readonly CheckpointPlace[];
}
