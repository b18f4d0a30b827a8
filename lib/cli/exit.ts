/** Exit codes, for pipelines. Bad arguments are a refusal too: nothing was done. */
export const exitCodes = { done: 0, failed: 1, refused: 2, unreachable: 3 } as const;

/** Ends the command with a sentence and a code. `detail` is what the portal said besides, for --json. */
export class CommandEnd extends Error {
  readonly exitCode: number;
  readonly code: string;
  readonly detail: unknown;

  constructor(exitCode: number, code: string, message: string, options: { detail?: unknown; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CommandEnd";
    this.exitCode = exitCode;
    this.code = code;
    this.detail = options.detail ?? null;
  }
}
