/** Error codes of the distribution specification, with the status each is answered with: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
const statusOf = {
  BLOB_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_UNKNOWN: 404,
  PAGINATION_NUMBER_INVALID: 400,
  UNAUTHORIZED: 401,
  UNAVAILABLE: 503,
  UNSUPPORTED: 405,
} as const;

export class RegistryError extends Error {
  readonly code: keyof typeof statusOf;
  readonly detail: unknown;
  readonly headers: Record<string, string>;

  constructor(code: keyof typeof statusOf, message: string, { detail, headers = {} }: { detail?: unknown; headers?: Record<string, string> } = {}) {
    super(message);
    this.code = code;
    this.detail = detail;
    this.headers = headers;
  }

  get status(): number {
    return statusOf[this.code];
  }

  get body(): string {
    return JSON.stringify({ errors: [{ code: this.code, message: this.message, ...(this.detail === undefined ? {} : { detail: this.detail }) }] });
  }
}
