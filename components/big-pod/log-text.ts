// Escape sequences of terminals (ECMA-48): CSI … final byte, OSC … BEL or ST, and the two-character ones.
// oxlint-disable-next-line no-control-regex
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A line as inert text: no colours, no cursor movements, no direction overrides that would make it read as something else. */
export function plainText(line: string): string {
  return line.replace(escapes, "").replace(controls, "�");
}
