import { readFileSync } from "node:fs";
import { createClient } from "#lib/cli/client.ts";
import type { Client } from "#lib/cli/client.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import type { Output } from "#lib/cli/output.ts";

/** Options of every command. */
export interface GlobalOptions {
  url?: string;
  tokenFile?: string;
  json?: boolean;
  requestTimeout: number;
}

export interface Session {
  client: Client;
  output: Output;
  /** Ends waiting when the person presses Ctrl-C; what was asked for goes on. */
  signal: AbortSignal;
}

/** Address and token from options or environment. The token is never an argument: arguments are seen by everybody on the machine. Throws CommandEnd. */
export function openClient(options: GlobalOptions, environment: Readonly<Record<string, string | undefined>>): Client {
  const url = options.url ?? environment.VIGIE_URL ?? "http://127.0.0.1:3000";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new CommandEnd(exitCodes.refused, "usage", `"${url}" is no address of a portal. Give one such as https://vigie.example.org by --url or VIGIE_URL.`);
  return createClient({ url, token: token(options, environment), timeoutMs: options.requestTimeout * 1000 });
}

function token(options: GlobalOptions, environment: Readonly<Record<string, string | undefined>>): string {
  let text = environment.VIGIE_TOKEN;
  if (options.tokenFile !== undefined) {
    try {
      text = readFileSync(options.tokenFile, "utf8");
    } catch (cause) {
      throw new CommandEnd(exitCodes.refused, "usage", `The token file ${options.tokenFile} cannot be read (${cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)}).`, { cause });
    }
  }
  const trimmed = text?.trim() ?? "";
  if (trimmed === "") throw new CommandEnd(exitCodes.refused, "usage", "An API token is needed: put it in VIGIE_TOKEN or name a file by --token-file. Tokens are made in the portal under Settings, or by `vigie token create`.");
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw new CommandEnd(exitCodes.refused, "usage", "The API token holds a space or a character that no token has. Was the whole file meant?");
  return trimmed;
}
