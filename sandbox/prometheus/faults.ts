/** What can be wrong with the sandbox's Prometheus. */
export interface PrometheusFaultState {
  /** Stopped: connections are refused, nothing is scraped, so that a gap remains. */
  down: boolean;
  /** Answers 503, as while it starts. */
  unavailable: boolean;
  /** Delay of every answer. */
  latencyMs: number;
  /** Every value of a query is NaN. */
  nan: boolean;
  /** Answers carry a warning and may be partial. */
  warning: boolean;
  /** The alert that always fires does not: the dead man's switch. */
  watchdogStopped: boolean;
}

export const noPrometheusFaults: PrometheusFaultState = { down: false, unavailable: false, latencyMs: 0, nan: false, warning: false, watchdogStopped: false };
