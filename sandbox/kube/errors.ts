/** Failures as the Kubernetes API reports them: an HTTP code and a `Status` object. Wording follows apimachinery's `api/errors`. */

export interface StatusCause {
  reason: string;
  message: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, string>;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** The part of a resource that error sentences need. */
export interface ResourceName {
  plural: string;
  group: string;
  kind: string;
}

/** Any refusal of the API: `code` is the HTTP status, `reason` the machine word of metav1.StatusReason. */
export class KubeError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = "KubeError";
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

function qualified(resource: ResourceName): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

function detailsOf(resource: ResourceName, name: string | undefined): StatusDetails {
  return {
    ...(name ? { name } : {}),
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.plural,
  };
}

export function notFound(resource: ResourceName, name: string): KubeError {
  return new KubeError(404, "NotFound", `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));
}

export function alreadyExists(resource: ResourceName, name: string): KubeError {
  return new KubeError(409, "AlreadyExists", `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));
}

/** 409 of optimistic concurrency; the default sentence is the one clients look for. */
export function conflict(resource: ResourceName, name: string, why?: string): KubeError {
  const because = why ?? "the object has been modified; please apply your changes to the latest version and try again";
  return new KubeError(409, "Conflict", `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${because}`, detailsOf(resource, name));
}

export function invalid(resource: ResourceName, name: string, causes: readonly StatusCause[]): KubeError {
  const kind = resource.group === "" ? resource.kind : `${resource.kind}.${resource.group}`;
  const sentences = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const list = sentences.length === 1 ? sentences[0] : `[${sentences.join(", ")}]`;
  return new KubeError(422, "Invalid", `${kind} "${name}" is invalid: ${list}`, {
    ...(name ? { name } : {}),
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.kind,
    causes: [...causes],
  });
}

export function forbidden(resource: ResourceName, name: string | undefined, why: string): KubeError {
  const subject = name ? `${qualified(resource)} "${name}"` : qualified(resource);
  return new KubeError(403, "Forbidden", `${subject} is forbidden: ${why}`, detailsOf(resource, name));
}

export function badRequest(message: string): KubeError {
  return new KubeError(400, "BadRequest", message);
}

export function expired(message: string): KubeError {
  return new KubeError(410, "Expired", message);
}

export function methodNotAllowed(verb: string): KubeError {
  return new KubeError(405, "MethodNotAllowed", `the server does not allow this method on the requested resource (${verb})`);
}

export function unavailable(message: string): KubeError {
  return new KubeError(503, "ServiceUnavailable", message);
}

/** A path nothing answers at; the sentence is the one kubectl prints. */
export function noSuchPath(): KubeError {
  return new KubeError(404, "NotFound", "the server could not find the requested resource", {});
}

/** The wire form of any thrown value; what is not a KubeError becomes a 500 (or its own numeric `code`, for back ends of other makers). */
export function statusOf(error: unknown): Status {
  const known = error as { code?: unknown; reason?: unknown; details?: StatusDetails; message?: unknown } | null;
  const code = typeof known?.code === "number" && known.code >= 400 && known.code < 600 ? known.code : 500;
  const text = error instanceof Error ? error.message : String(error);
  const reason = typeof known?.reason === "string" ? known.reason : (REASONS[code] ?? "");
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: error instanceof KubeError || code !== 500 ? text : `Internal error occurred: ${text}`,
    ...(reason === "" ? {} : { reason }),
    ...(known?.details ? { details: known.details } : {}),
    code,
  };
}

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Expired",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};
