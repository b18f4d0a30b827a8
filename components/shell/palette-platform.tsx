import { pipelineGaps } from "#components/overview/gaps.ts";
import { rollbackTarget } from "#components/overview/remedy-action.ts";
import { OperationIcon } from "#components/patterns/status.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import type { PaletteCommand } from "#components/shell/palette-commands.ts";
import type { PaletteParts } from "#components/shell/palette-parts.ts";
import { places } from "#components/shell/places.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { healthPresentation } from "#lib/domain/status.ts";

interface PlatformParts extends PaletteParts {
  states: readonly DisplayedState[];
}

const cellsOf = ({ snapshot, states }: Pick<PlatformParts, "snapshot" | "states">) => {
  const found = new Map(states.map((state) => [`${state.environment}/${state.bigPod}`, state]));
  return snapshot.environments.flatMap(({ name: environment }) => snapshot.bigPods.map((bigPod) => ({ environment, bigPod, at: `${environment}/${bigPod.name}`, state: found.get(`${environment}/${bigPod.name}`) })));
};

/** What changes the platform: promote, roll back, restart, scale. */
export function changeCommands(parts: PlatformParts): PaletteCommand[] {
  const { snapshot, states, trails, refused, go, plan } = parts;
  const cells = cellsOf(parts);
  const promotions = pipelineGaps(snapshot, states, refused).flatMap(({ promote }) => (promote === null ? [] : [{ key: promote.title, title: promote.title, disabledBecause: promote.disabledBecause, run: plan(promote.request) }]));
  const rollbacks = snapshot.environments.flatMap(({ name }) => {
    const release = rollbackTarget(name, snapshot.releases, trails);
    return release === null ? [] : [{ key: `roll back ${name}`, title: `Roll back ${name} to R-${release}`, disabledBecause: refused("operation.request.rollback", name, `Rolling back ${name}`), run: plan({ kind: "rollback", environment: name, release }) }];
  });
  const restarts = cells.map(({ environment, bigPod, at }) => ({ key: `restart ${at}`, title: `Restart ${bigPod.title} in ${environment}`, disabledBecause: refused("operation.request.restart", environment, `Restarting in ${environment}`), run: plan({ kind: "restart", environment, bigPods: [bigPod.name] }) }));
  const scalings = cells.map(({ environment, bigPod, at }) => ({ key: `scale ${at}`, title: `Scale ${bigPod.title} in ${environment}…`, disabledBecause: refused("operation.request.scale", environment, `Scaling in ${environment}`), run: go(`/big-pods/${at}#scale`) }));
  return [...promotions, ...rollbacks, ...restarts, ...scalings].map((command) => ({ group: "Do", ...command }));
}

/** Where one can go. `ago` leads to the overview as it was so many milliseconds before now. */
export function placeCommands(parts: PlatformParts, ago: (ms: number) => () => void): PaletteCommand[] {
  const { snapshot, go } = parts;
  const pages = places.map(({ href, title }) => ({ key: href, title: href === "/guards" ? "Guards: windows, freezes, approvals, checks" : title, run: go(href) }));
  const past = lookBacks.map(({ title, ms }) => ({ key: `ago ${ms}`, title: `Overview ${title} ago`, run: ago(ms) }));
  const bigPods = cellsOf(parts).map(({ environment, bigPod, at, state }) => {
    const { tone, shape, word } = healthPresentation[state?.status ?? "unknown"];
    return { key: at, title: `${bigPod.title} in ${environment}`, icon: <StatusIcon shape={shape} tone={tone} />, detail: word, run: go(`/big-pods/${at}`) };
  });
  const releases = snapshot.environments.map(({ name }) => ({ key: `releases ${name}`, title: `Releases of ${name}`, run: go(`/releases?environment=${name}`) }));
  const operations = snapshot.operations
    .slice(0, 10)
    .map(({ id, title, status }) => ({ key: id, title, icon: <OperationIcon status={status} />, detail: `operation, ${status}`, run: go(`/operations/${id}`) }));
  return [...pages, ...past, ...bigPods, ...releases, ...operations].map((command) => ({ group: "Go to", ...command }));
}

/** How far back a few letters lead; the slider on the overview goes anywhere. */
const lookBacks = [
  { title: "15 minutes", ms: 900_000 },
  { title: "an hour", ms: 3_600_000 },
  { title: "a day", ms: 86_400_000 },
] as const;
