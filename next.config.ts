import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  poweredByHeader: false,
  // proxy.ts refuses longer calls of actions before; the webhook's messages may be 1 MiB long. What is longer is cut off, and then refused by its reader.
  experimental: { serverActions: { bodySizeLimit: "64kb" }, proxyClientMaxBodySize: "2mb" },
  // Types are checked by the test command, once for everything.
  typescript: { ignoreBuildErrors: true },
  // It has to be there before the page is pressed; asking again for it at every page would be too late.
  headers: async () => [{ source: "/first-clicks.js", headers: [{ key: "cache-control", value: "public, max-age=3600, stale-while-revalidate=86400" }] }],
};

export default config;
