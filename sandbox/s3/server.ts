import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";

/** How an S3 service behaves where services differ, or fail. */
export interface S3Behaviour {
  /** False: If-None-Match on PutObject is answered with 501 NotImplemented, as services without conditional writes do. */
  conditions: boolean;
  /** True: the key may put only; a GetObject is answered with 403 AccessDenied, whether the object is there or not. */
  putOnly: boolean;
  /** Answered to everything, instead. */
  fail: { status: number; code: string } | null;
}

export interface S3Account {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
  bucket: string;
}

/** A bucket with PutObject and GetObject. Objects by key; what was refused, by its code. */
export interface S3Stand {
  server: Server;
  objects: Map<string, string>;
  refusals: string[];
  behaviour: S3Behaviour;
}

/** Services refuse what was signed longer ago, or for later. */
const clockSkewMs = 15 * 60_000;

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/**
 * One bucket of an S3 service over path-style addresses, from the Amazon S3 API Reference: PutObject (with If-None-Match), GetObject, error bodies, and
 * "Authenticating Requests (AWS Signature Version 4)", whose six steps are followed below as a server follows them: from what arrived on the wire.
 */
export function createS3(account: S3Account, now: () => Date = () => new Date()): S3Stand {
  const stand: S3Stand = { objects: new Map(), refusals: [], behaviour: { conditions: true, putOnly: false, fail: null }, server: createServer() };
  stand.server.on("request", (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      try {
        const body = Buffer.concat(chunks);
        authenticate(account, request, body, now());
        const answer = perform(stand, account.bucket, request, body);
        response.writeHead(200, { "content-type": "application/json" }).end(answer);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        stand.refusals.push(error.code);
        response.writeHead(error.status, { "content-type": "application/xml" }).end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${error.code}</Code><Message>refused</Message></Error>`);
      }
    });
  });
  return stand;
}

function perform({ objects, behaviour }: S3Stand, bucket: string, request: IncomingMessage, body: Buffer): string {
  if (behaviour.fail !== null) throw new Refusal(behaviour.fail.status, behaviour.fail.code);
  const path = decodeURIComponent(new URL(request.url ?? "/", "http://s3").pathname);
  if (!path.startsWith(`/${bucket}/`)) throw new Refusal(404, "NoSuchBucket");
  const key = path.slice(bucket.length + 2);
  if (request.method === "PUT") {
    const condition = request.headers["if-none-match"];
    if (condition !== undefined && !behaviour.conditions) throw new Refusal(501, "NotImplemented");
    if (condition === "*" && objects.has(key)) throw new Refusal(412, "PreconditionFailed");
    objects.set(key, body.toString("utf8"));
    return "";
  }
  if (request.method !== "GET") throw new Refusal(405, "MethodNotAllowed");
  if (behaviour.putOnly) throw new Refusal(403, "AccessDenied");
  const found = objects.get(key);
  if (found === undefined) throw new Refusal(404, "NoSuchKey");
  return found;
}

function authenticate({ accessKeyId, secretAccessKey, region }: S3Account, request: IncomingMessage, body: Buffer, now: Date): void {
  const authorization = request.headers.authorization ?? "";
  const parts = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(authorization);
  if (parts === null) throw new Refusal(403, "AccessDenied");
  const [, id, day = "", place, signed = "", signature = ""] = parts;
  if (id !== accessKeyId) throw new Refusal(403, "InvalidAccessKeyId");
  if (place !== region) throw new Refusal(400, "AuthorizationHeaderMalformed");
  const stamp = header(request, "x-amz-date");
  const time = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!(Math.abs(time - now.getTime()) <= clockSkewMs) || !stamp.startsWith(day)) throw new Refusal(403, "RequestTimeTooSkewed");
  const names = signed.split(";");
  // Every x-amz header and the host must be signed, or somebody on the way could change them.
  const mustBe = ["host", ...Object.keys(request.headers).filter((name) => name.startsWith("x-amz-"))];
  if (mustBe.some((name) => !names.includes(name))) throw new Refusal(403, "AccessDenied");
  const payload = header(request, "x-amz-content-sha256");
  if (payload !== createHash("sha256").update(body).digest("hex")) throw new Refusal(400, "XAmzContentSHA256Mismatch");

  const [path = "/", query = ""] = (request.url ?? "/").split("?");
  const canonicalQuery = query.split("&").filter((pair) => pair !== "").map((pair) => { const [name = "", value = ""] = pair.split("="); return `${uriEncode(decodeURIComponent(name))}=${uriEncode(decodeURIComponent(value))}`; }).sort().join("&");
  const canonicalRequest = `${request.method}\n${uriEncode(decodeURIComponent(path), false)}\n${canonicalQuery}\n${names.map((name) => `${name}:${header(request, name).trim()}\n`).join("")}\n${signed}\n${payload}`;
  const stringToSign = `AWS4-HMAC-SHA256\n${stamp}\n${day}/${region}/s3/aws4_request\n${createHash("sha256").update(canonicalRequest).digest("hex")}`;
  const mac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
  const dateKey = mac(`AWS4${secretAccessKey}`, day);
  const dateRegionKey = mac(dateKey, region);
  const dateRegionServiceKey = mac(dateRegionKey, "s3");
  const signingKey = mac(dateRegionServiceKey, "aws4_request");
  if (!timingSafeEqual(mac(signingKey, stringToSign), Buffer.from(signature, "hex"))) throw new Refusal(403, "SignatureDoesNotMatch");
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}

/** As the reference's UriEncode: by bytes, unreserved characters stay, a slash stays in paths. */
function uriEncode(text: string, encodeSlash = true): string {
  return [...Buffer.from(text, "utf8")].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9\-._~]/.test(character) || (character === "/" && !encodeSlash) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}
