/** What Vigie asks of Grafana's HTTP API. Everything that is thrown is a VigieError: "upstream" when it cannot be asked, "denied" when it wants a login. */

export interface GrafanaHealth {
  version: string;
  /** "ok", or its word for the database's trouble. */
  database: string;
}

export interface GrafanaAnnotation {
  from: Date;
  /** Null while it lasts. */
  to: Date | null;
  text: string;
  tags: readonly string[];
}

export interface GrafanaApi {
  health(signal?: AbortSignal): Promise<GrafanaHealth>;
  /** Whether a page may be framed by the origin, judged by X-Frame-Options and frame-ancestors of its answer; why not, in a sentence. */
  framing(path: string, origin: string, signal?: AbortSignal): Promise<{ allowed: true } | { allowed: false; why: "login" | "forbidden" | "missing"; sentence: string }>;
  annotate(annotation: GrafanaAnnotation, signal?: AbortSignal): Promise<number>;
  finish(id: number, annotation: GrafanaAnnotation, signal?: AbortSignal): Promise<void>;
}
