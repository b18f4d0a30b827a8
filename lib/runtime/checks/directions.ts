/** Who may import whom (DESIGN: layout). The first rule whose folder matches decides; whatever is not listed is refused. */
const layers = ["app", "components", "lib/domain", "lib/contracts", "lib/ports", "lib/services", "lib/adapters", "lib/db", "lib/cli", "lib/worker", "lib/runtime", "sandbox", "bench", "e2e"] as const;
type Layer = (typeof layers)[number];

const allowed: Record<Layer, readonly Layer[]> = {
  app: ["app", "components", "lib/services", "lib/runtime", "lib/contracts", "lib/domain"],
  components: ["components", "lib/contracts", "lib/domain"],
  "lib/domain": ["lib/domain"],
  "lib/contracts": ["lib/contracts", "lib/domain"],
  "lib/ports": ["lib/ports", "lib/contracts", "lib/domain"],
  "lib/services": ["lib/services", "lib/domain", "lib/contracts", "lib/ports", "lib/db"],
  "lib/adapters": ["lib/adapters", "lib/ports", "lib/contracts", "lib/domain"],
  "lib/db": ["lib/db", "lib/ports", "lib/contracts", "lib/domain"],
  "lib/cli": ["lib/cli", "lib/contracts", "lib/domain"],
  "lib/worker": ["lib/worker", "lib/services", "lib/ports", "lib/db", "lib/contracts", "lib/domain", "lib/runtime"],
  "lib/runtime": ["lib/runtime", "lib/adapters", "lib/services", "lib/ports", "lib/db", "lib/contracts", "lib/domain"],
  sandbox: ["sandbox"],
  bench: ["bench", "e2e", "lib/runtime", "lib/contracts", "lib/domain", "lib/db"],
  e2e: ["e2e", "lib/runtime", "lib/contracts", "lib/domain"],
};

export interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function layerOf(path: string): Layer | undefined {
  return layers.find((layer) => path.startsWith(`${layer}/`));
}

/** Tests and what only tests use stand outside the rules: they join a part with whatever it is tested against. */
export function isTestFile(path: string): boolean {
  return /\.(test|spec)\.tsx?$|(^|\/)test-[^/]*\.tsx?$|\.test-support\.ts$|^lib\/adapters\/[^/]+\/contract(-[^/]*)?\.ts$|^components\/query\/fixtures\.ts$/.test(path);
}

/** Sentence for an import that goes the wrong way; null when it may. Paths are relative to the checkout. */
export function wrongDirection({ from, to, typeOnly }: Import): string | null {
  const source = layerOf(from);
  const target = layerOf(to);
  if (source === undefined || target === undefined || isTestFile(from)) return null;
  // A command is where its program is put together; nothing else of the runtime knows the measurements and the fault runs.
  if (from === "lib/runtime/commands/faults.ts" && (target === "bench" || to.startsWith("lib/worker/watchers/fault-run"))) return null;
  if (isTestFile(to)) return `${from} imports ${to}, which is there for tests only`;
  if (source === "lib/domain" && target === "lib/contracts") return typeOnly ? null : `${from} imports a value from ${to}: the domain takes only types from contracts (docs/adr/0001)`;
  if (source === "components" && to.startsWith("app/_actions/")) return null;
  if (/^lib\/runtime\/commands\/(bench|chaos)\.ts$/.test(from) && target === "bench") return null;
  if (source === target || allowed[source].includes(target)) return null;
  return `${from} imports ${to}: ${source} may import only ${allowed[source].join(", ")}`;
}

const importPattern = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/gm;

/** Imports of our own files that a source text makes; relative ones are resolved against `path`. */
export function ownImports(path: string, text: string): Import[] {
  return [...text.matchAll(importPattern)].flatMap((match) => {
    const specifier = match[2] ?? match[3] ?? "";
    if (specifier.startsWith("#")) return [{ from: path, to: specifier.slice(1), typeOnly: match[1] !== undefined }];
    if (!specifier.startsWith(".")) return [];
    return [{ from: path, to: new URL(specifier, `file:///${path}`).pathname.slice(1), typeOnly: match[1] !== undefined }];
  });
}
