/** A request that the sandbox's console or its world does not carry out; the message is for the person who asked. */
export class Refusal extends Error {
  readonly code: "invalid" | "not-found" | "denied";

  constructor(code: Refusal["code"], message: string) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}
