export interface Scope {
  /** Remembers how to end something; steps run in the reverse order. Added after the end, it runs at once. */
  add(step: () => Promise<unknown> | void): void;
  /** Ends everything; one step that fails does not keep the others from running. Returns what failed. */
  close(): Promise<unknown[]>;
}

export function createScope(): Scope {
  const steps: (() => Promise<unknown> | void)[] = [];
  const failures: unknown[] = [];
  let closed = false;
  const end = async (step: () => Promise<unknown> | void): Promise<void> => {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  };
  return {
    add(step) {
      if (closed) void end(step);
      else steps.push(step);
    },
    async close() {
      closed = true;
      for (const step of steps.splice(0).toReversed()) await end(step);
      return failures;
    },
  };
}
