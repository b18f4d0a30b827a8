/** What can open a connection to somewhere else, by import or by name. Types alone open none. */
const modules = ["node:http", "node:https", "node:http2", "node:net", "node:tls", "node:dgram", "http", "https", "http2", "net", "tls", "dgram", "undici", "nodemailer", "axios", "got", "ws", "node-fetch", "@kubernetes/client-node", "openid-client", "next-auth", "@aws-sdk/client-s3"];
const importPattern = /^\s*(?:import|export)\s+(type\s+)?(?:([^"';]*?)\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|\brequire\(\s*["']([^"']+)["']\s*\)/gm;
const globals = /(?<![.\w"'`#-])(fetch|WebSocket|EventSource|XMLHttpRequest)\s*\(/;

/** Names that only look at texts and certificates. */
const harmless = /^\{\s*((type\s+)?(isIP|isIPv4|isIPv6|BlockList|createSecureContext|LookupFunction|AddressInfo|IncomingHttpHeaders|IncomingMessage|RequestOptions)\s*,?\s*)+\}$/;

/** What a source text can open connections with, apart from the guarded ways; empty when it cannot. */
export function connectionsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const imported = [...code.matchAll(importPattern)].flatMap(([, type, names, from, dynamic, required]) => {
    const module = from ?? dynamic ?? required ?? "";
    const known = modules.find((name) => module === name || module.startsWith(`${name}/`));
    if (known === undefined || type !== undefined || (names !== undefined && harmless.test(names.trim()))) return [];
    return [module];
  });
  const called = globals.exec(code)?.[1];
  return called === undefined ? imported : [...imported, called];
}

/** Files that may, and why each may. Everything else asks through lib/adapters/egress. */
export const mayConnect: Readonly<Record<string, string>> = {
  "lib/adapters/egress/guarded-request.ts": "the guard itself: every request of the adapters is made here, over a lookup that judges addresses",
  "lib/adapters/kubernetes/transport.ts": "streams and watches to the API server that the kubeconfig names, over configuredLookup",
  "lib/adapters/notify/email.ts": "SMTP to the configured host, at the address that configuredAddress has judged",
  "lib/adapters/identity/oidc.ts": "next-auth's client of the provider, over configuredLookup (httpOptions.lookup)",
  "lib/adapters/identity/github.ts": "as above",
  "lib/adapters/identity/bridge.ts": "hands requests to next-auth; its providers are the two above",
  "lib/adapters/identity/options.ts": "next-auth's options; its providers are the two above",
  "lib/adapters/kubernetes/plugin-credentials.ts": "credentials by the programs that cluster.allowPlugins names; they ask whom they like",
  "lib/cli/client.ts": "the command line, on somebody's own machine, to the portal that they name",
  "lib/runtime/free-port.ts": "looks for a free port on loopback",
  "lib/runtime/stack/stack.ts": "looks whether a port is free, and asks its own portal whether it is ready",
  "lib/runtime/commands/screenshots.ts": "a command of development, to its own sandbox",
};
/** Files of those that must also name the guard they go over. */
export const mustName: Readonly<Record<string, string>> = {
  "lib/adapters/kubernetes/transport.ts": "lookup: configuredLookup()",
  "lib/adapters/notify/email.ts": "configuredAddress(",
  "lib/adapters/identity/oidc.ts": "lookup: configuredLookup()",
  "lib/adapters/identity/github.ts": "lookup: configuredLookup()",
};
