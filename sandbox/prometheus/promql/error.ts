/** A query that Prometheus would refuse. `bad_data` is answered 400, `execution` 422; the message is without the "invalid parameter" in front. */
export class PromqlError extends Error {
  readonly errorType: "bad_data" | "execution";

  constructor(errorType: PromqlError["errorType"], message: string) {
    super(message);
    this.name = "PromqlError";
    this.errorType = errorType;
  }
}

/** `at` counts characters from 0. Prometheus prints line and column from 1. */
export function parseError(query: string, at: number, message: string): PromqlError {
  const before = query.slice(0, at).split("\n");
  return new PromqlError("bad_data", `${before.length}:${(before.at(-1)?.length ?? 0) + 1}: parse error: ${message}`);
}

export function executionError(message: string): PromqlError {
  return new PromqlError("execution", message);
}
