/** Closes a switch over a union: the compiler refuses a forgotten member, and at run time the value is named. */
export function assertNever(value: never): never {
  throw new TypeError(`Unhandled member of a closed union: ${JSON.stringify(value)}`);
}
