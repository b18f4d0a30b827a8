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
  /**
   * Whether a page may be framed by the origin, judged as a browser without a login would: by a redirect to /login, X-Frame-Options and frame-ancestors;
   * why not, in a sentence. Throws VigieError "upstream" when Grafana cannot be asked.
   */
  framing(path: string, origin: string, signal?: AbortSignal): Promise<{ allowed: true } | { allowed: false; why: "login" | "forbidden" | "missing"; sentence: string }>;
  /** A picture of one panel, made by Grafana's image renderer. Throws VigieError "upstream" when what comes is no picture, or too large. */
  picture(path: string, signal?: AbortSignal): Promise<{ contentType: "image/png"; body: Uint8Array }>;
  /** Id of the newest annotation that carries the tag; null when there is none. */
  find(tag: string, signal?: AbortSignal): Promise<number | null>;
  annotate(annotation: GrafanaAnnotation, signal?: AbortSignal): Promise<number>;
  /** Throws VigieError "not-found" when somebody removed it. */
  finish(id: number, annotation: GrafanaAnnotation, signal?: AbortSignal): Promise<void>;
}
