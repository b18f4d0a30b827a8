import { createHmac, hash } from "node:crypto";

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

/** RFC 3986: everything but unreserved characters is encoded. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text, "utf8").digest();
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Headers of a request to an S3 service, signed by AWS Signature Version 4 (Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header"):
 * those given, host, date, the hash of the body, and the signature over all of them. `now` is when it is sent: services refuse what is a quarter of an hour off.
 */
export function signedHeaders(request: { method: string; url: URL; headers: Readonly<Record<string, string>>; body: string }, { accessKeyId, secretAccessKey, region }: S3Credentials, now: Date): Record<string, string> {
  const { method, url, body } = request;
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const day = stamp.slice(0, 8);
  const bodyHash = hash("sha256", body, "hex");
  const headers: Record<string, string> = { ...request.headers, host: url.host, "x-amz-content-sha256": bodyHash, "x-amz-date": stamp };
  const named = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value.trim().replaceAll(/ +/g, " ")]).sort(([a], [b]) => compare(a, b));
  const signedNames = named.map(([name]) => name).join(";");
  const path = url.pathname.split("/").map((part) => encoded(decodeURIComponent(part))).join("/");
  const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort(compare).join("&");
  const canonical = [method, path, query, ...named.map(([name, value]) => `${name}:${value}`), "", signedNames, bodyHash].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", stamp, scope, hash("sha256", canonical, "hex")].join("\n");
  const key = ["s3", "aws4_request"].reduce((secret, part) => hmac(secret, part), hmac(hmac(`AWS4${secretAccessKey}`, day), region));
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope},SignedHeaders=${signedNames},Signature=${hmac(key, toSign).toString("hex")}` };
}
