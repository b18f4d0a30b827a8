/**
 * As much of XML-RPC (http://xmlrpc.com/spec.md) as supervisord speaks: calls with strings and integers, answers of structs, arrays, strings, numbers and booleans.
 * The reader takes elements only; document types, entities beyond XML's five and processing instructions other than the first line are refused.
 */

export type XmlRpcValue = string | number | boolean | null | XmlRpcValue[] | { [name: string]: XmlRpcValue };

/** The server understood the call and refused it (supervisor: 10 BAD_NAME, 20 NO_FILE…). */
export class XmlRpcFault extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = "XmlRpcFault";
    this.code = code;
  }
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescaped(text: string): string {
  return text.replaceAll(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w+);/g, (whole, name: string) => {
    if (!name.startsWith("#")) return entities[name] ?? whole;
    const code = name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

export function xmlRpcCall(method: string, parameters: readonly (string | number)[] = []): string {
  const values = parameters.map((value) => `<param><value>${typeof value === "number" ? `<int>${value}</int>` : `<string>${escaped(value)}</string>`}</value></param>`);
  return `<?xml version="1.0"?><methodCall><methodName>${escaped(method)}</methodName><params>${values.join("")}</params></methodCall>`;
}

interface Element {
  name: string;
  children: Element[];
  text: string;
}

const deepest = 32;

/** Throws Error when it is not well-formed, or deeper than any answer of a supervisor. */
function readElements(xml: string): Element {
  const root: Element = { name: "", children: [], text: "" };
  const open: Element[] = [root];
  const token = /<\?xml[^>]*\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z][\w.]*)\s*(\/?)>|([^<]+)/y;
  while (token.lastIndex < xml.length) {
    const found = token.exec(xml);
    const top = open.at(-1);
    if (found === null || top === undefined) throw new Error("not well-formed XML");
    const [, data, closing, name, empty, text] = found;
    if (data !== undefined) top.text += data;
    else if (text !== undefined) top.text += unescaped(text);
    else if (name !== undefined && closing === "/") {
      if (open.length < 2 || top.name !== name) throw new Error(`</${name}> closes nothing`);
      open.pop();
    } else if (name !== undefined) {
      const element: Element = { name, children: [], text: "" };
      top.children.push(element);
      if (empty !== "/") open.push(element);
      if (open.length > deepest) throw new Error("nested too deeply");
    }
  }
  if (open.length !== 1) throw new Error("ends in the middle");
  return root;
}

function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

function readValue(value: Element | undefined): XmlRpcValue {
  const typed = value?.children[0];
  if (value === undefined || typed === undefined) return value?.text ?? null;
  switch (typed.name) {
    case "int":
    case "i4":
    case "i8":
    case "double": {
      const number = Number(typed.text.trim());
      if (!Number.isFinite(number)) throw new Error(`${JSON.stringify(typed.text)} is no number`);
      return number;
    }
    case "boolean":
      return typed.text.trim() === "1";
    case "nil":
      return null;
    case "array":
      return (child(typed, "data")?.children ?? []).map(readValue);
    case "struct":
      return Object.fromEntries(typed.children.map((member) => [child(member, "name")?.text ?? "", readValue(child(member, "value"))]));
    default:
      return typed.text;
  }
}

/** The value of an answer. Throws XmlRpcFault for a fault, Error when it is no answer of XML-RPC. */
export function readXmlRpcAnswer(xml: string): XmlRpcValue {
  const response = child(readElements(xml), "methodResponse");
  if (response === undefined) throw new Error("no methodResponse");
  const fault = child(response, "fault");
  if (fault !== undefined) {
    const { faultCode, faultString } = readValue(child(fault, "value")) as { faultCode?: XmlRpcValue; faultString?: XmlRpcValue }; // a struct, by the specification
    throw new XmlRpcFault(typeof faultCode === "number" ? faultCode : 0, typeof faultString === "string" ? faultString : "no reason given");
  }
  return readValue(child(child(child(response, "params"), "param"), "value"));
}
