import type { AlertingConfig, Config } from "#lib/contracts/config.ts";
import { keepableText } from "#lib/domain/audit-text.ts";
import { fingerprintOf } from "#lib/domain/signal-fingerprint.ts";
import type { Labels } from "#lib/domain/signal-fingerprint.ts";
import { placeOf } from "#lib/domain/signal-place.ts";
import type { HeardAlert } from "#lib/domain/signal-record.ts";
import { severityOf } from "#lib/domain/signal-severity.ts";

const longestTitle = 200;
const longestDetail = 1_000;
/** Characters of a label's value that are kept. */
export const longestLabel = 2_000;
const longestAnnotation = 4_000;
const mostLabels = 100;

export interface AlertContext {
  config: Pick<Config, "environments" | "bigPods">;
  alerting: AlertingConfig;
  /** Environment of an upstream that has no other. */
  only: string | null;
}

type Told = Pick<HeardAlert, "state" | "activeAt" | "startsAt" | "endsAt" | "ways" | "surelyAt" | "notInPrometheus"> & { labels: Labels; annotations: Labels; link: string | null; fingerprints?: readonly string[]; silence?: HeardAlert["silence"] };

/** An alert as it is recorded: what its labels mean for the platform, its texts as they can be kept and shown. Markup in them stays what it is: text. */
export function heardAlert(told: Told, { config, alerting, only }: AlertContext): HeardAlert {
  const { labels: given, annotations: notes, link, fingerprints = [fingerprintOf(given)], silence, ...rest } = told;
  const labels = kept(given, longestLabel);
  const annotations = kept(notes, longestAnnotation);
  return {
    ...rest,
    ...placeOf(labels, config, alerting.labels, only),
    labels,
    annotations,
    fingerprints,
    title: shortened(labels.alertname ?? "An alert without a name", longestTitle),
    detail: sentenceOf(annotations),
    severity: severityOf(labels[alerting.labels.severity]),
    link: safeLink(link),
    ...(silence !== undefined && { silence }),
  };
}

/** Names in order; empty values are absent labels; what no database keeps is replaced, what is endless is cut. */
function kept(texts: Labels, longest: number): Record<string, string> {
  const names = Object.keys(texts).filter((name) => texts[name] !== "" && name !== "__proto__").toSorted();
  return Object.fromEntries(names.slice(0, mostLabels).map((name) => [keepableText(name).slice(0, 200), shortened(keepableText(texts[name] ?? ""), longest)]));
}

function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}

function sentenceOf(annotations: Labels): string | null {
  const text = annotations.summary ?? annotations.description ?? annotations.message;
  return text === undefined || text.trim() === "" ? null : shortened(text.trim(), longestDetail);
}

/** Only what a browser may open: http and https. */
function safeLink(link: string | null): string | null {
  if (link === null || link.length > 4_000 || !URL.canParse(link)) return null;
  const { protocol, href, username, password } = new URL(link);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "" ? href : null;
}
