import type { Signal } from "#lib/contracts/incident.ts";
import type { Severity, SignalKind, SignalState } from "#lib/domain/incident-status.ts";
import type { Labels } from "#lib/domain/signal-fingerprint.ts";

export type SignalWay = Signal["ways"][number];
export type SignalSilence = NonNullable<Signal["silence"]>;

/** One occurrence of an alert as it is stored. */
export interface AlertRecord {
  id: string;
  key: string;
  title: string;
  detail: string | null;
  environment: string | null;
  bigPod: string | null;
  service: string | null;
  severity: Severity;
  state: SignalState;
  /** When it began to be so: activeAt where Prometheus said it, else startsAt. */
  onsetAt: Date;
  /** Alertmanager's start of this occurrence; null while only Prometheus was heard. */
  startsAt: Date | null;
  endedAt: Date | null;
  /** Database time of the last change: an end was recorded then. */
  seenAt: Date;
  labels: Labels;
  annotations: Labels;
  ways: readonly SignalWay[];
  silence: SignalSilence | null;
  link: string | null;
  fingerprint: string;
  /** All identities it was heard under: Prometheus' own may lack external labels. */
  fingerprints: readonly string[];
}

/** An alert as it was heard, by one way or, in one look, by Prometheus and Alertmanager together. */
export interface HeardAlert {
  labels: Labels;
  annotations: Labels;
  fingerprints: readonly string[];
  title: string;
  detail: string | null;
  environment: string | null;
  bigPod: string | null;
  service: string | null;
  severity: Severity;
  state: SignalState;
  /** activeAt; null when Prometheus was not heard. */
  activeAt: Date | null;
  /** startsAt; null when Alertmanager was not heard. */
  startsAt: Date | null;
  /** Only of one that ended. */
  endsAt: Date | null;
  ways: readonly SignalWay[];
  /** Undefined: nobody said. */
  silence?: SignalSilence | null;
  link: string | null;
  /**
   * Database time since which this is surely so: an occurrence that was called ended before then has not ended after all.
   * Null for what may have been under way for long (webhooks).
   */
  surelyAt: Date | null;
  /** Prometheus was asked too, and does not have it. */
  notInPrometheus: boolean;
}

export type { Severity, SignalKind, SignalState };
