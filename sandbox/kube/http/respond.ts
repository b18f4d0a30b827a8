import type { ServerResponse } from "node:http";
import { stringify } from "yaml";
import { statusOf } from "#sandbox/kube/errors.ts";

/** Sends JSON text, or the same as YAML. */
export function sendText(response: ServerResponse, code: number, json: string, syntax: "json" | "yaml" = "json", type?: string): void {
  if (response.headersSent || response.destroyed) return;
  // Version 1.1: its readers take a bare `yes` or a time for something else than text.
  const text = syntax === "json" ? json : stringify(JSON.parse(json), { lineWidth: 0, version: "1.1" });
  const body = Buffer.from(text);
  response.writeHead(code, { "Content-Type": type ?? (syntax === "json" ? "application/json" : "application/yaml"), "Content-Length": body.length, "Cache-Control": "no-cache, private" });
  response.end(body);
}

export function sendJson(response: ServerResponse, code: number, value: unknown, type?: string): void {
  sendText(response, code, JSON.stringify(value), "json", type);
}

/** Any failure as a Status object; one that comes after the headers can only cut the connection. */
export function sendError(response: ServerResponse, error: unknown): void {
  const status = statusOf(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (status.details?.retryAfterSeconds !== undefined) response.setHeader("Retry-After", String(status.details.retryAfterSeconds));
  if (status.code === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="sandbox"');
  if (status.code === 413) response.setHeader("Connection", "close");
  sendJson(response, status.code, status);
}

/** A warning that kubectl prints; RFC 7234 code 299. Control characters would break the header. */
export function addWarning(response: ServerResponse, text: string): void {
  const clean = text.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  response.appendHeader("Warning", `299 - "${clean}"`);
}
