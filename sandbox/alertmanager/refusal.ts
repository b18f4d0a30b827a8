/** A refusal as Alertmanager's API v2 words it: a JSON text where its own code refuses, `{code, message}` where its generated parser does. */
export class ApiRefusal extends Error {
  readonly status: number;
  /** The parser's own code (601 for a type, 602 for a member that is missing…); undefined: a plain text. */
  readonly code: number | undefined;

  constructor(status: number, message: string, code?: number) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
