import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  poweredByHeader: false,
  // Types are checked by the test command, once for everything.
  typescript: { ignoreBuildErrors: true },
  // It has to be there before the page is pressed; asking again for it at every page would be too late.
  headers: async () => [{ source: "/first-clicks.js", headers: [{ key: "cache-control", value: "public, max-age=3600, stale-while-revalidate=86400" }] }],
};

export default config;
