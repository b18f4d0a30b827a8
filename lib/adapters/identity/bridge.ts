import type { NextApiRequest, NextApiResponse } from "next";
import NextAuth from "next-auth";
import type { AuthOptions } from "next-auth";

/** What next-auth gets to see of a request: only what this portal has checked. */
export interface BridgedRequest {
  method: "GET" | "POST";
  segments: readonly string[];
  query: Record<string, string>;
  cookies: Record<string, string>;
  body: Record<string, string>;
}

export interface BridgedResponse {
  status: number;
  location: string | null;
  cookies: string[];
  body: unknown;
}

// next-auth is CommonJS: what a bundler and Node call its default export differs.
const handler = ("default" in NextAuth ? NextAuth.default : NextAuth) as typeof NextAuth;

/**
 * Runs next-auth through its plain request/response form instead of Next's request scope: no header of the browser's reaches it
 * (so no X-Forwarded-Host can choose the callback address), and tests call the very same code.
 */
export async function callNextAuth(request: BridgedRequest, options: AuthOptions): Promise<BridgedResponse> {
  const result: BridgedResponse = { status: 200, location: null, cookies: [], body: null };
  const response = {
    status(code: number) {
      result.status = code;
      return response;
    },
    getHeader(name: string) {
      return name.toLowerCase() === "set-cookie" ? [...result.cookies] : undefined;
    },
    setHeader(name: string, value: string | string[]) {
      if (name.toLowerCase() === "set-cookie") result.cookies = Array.isArray(value) ? [...value] : [value];
      if (name.toLowerCase() === "location") result.location = String(value);
      return response;
    },
    json(body: unknown) {
      result.body = body;
    },
    send(body: unknown) {
      result.body = body;
    },
    end() {},
  };
  const bridged = { method: request.method, headers: {}, cookies: request.cookies, body: request.body, query: { ...request.query, nextauth: [...request.segments] } };
  // Only the members above are used by next-auth 4.24 (next/index.js, NextAuthApiHandler); the rest of Next's types is not.
  await handler(bridged as unknown as NextApiRequest, response as unknown as NextApiResponse, options);
  return result;
}
