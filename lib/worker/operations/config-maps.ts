import type { PlanTarget } from "#lib/contracts/operation.ts";
import { configMapChanges } from "#lib/domain/template-diff.ts";
import type { ConfigMapContent } from "#lib/domain/template-diff.ts";
import { epochAnnotation, kinds } from "#lib/ports/cluster.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { countingWrites, noted } from "#lib/worker/operations/certainty.ts";
import type { Writes } from "#lib/worker/operations/certainty.ts";
import { lastManager, readConfigMap } from "#lib/worker/operations/objects.ts";
import { afterFailedWrite, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { marks, preconditions } from "#lib/worker/operations/write.ts";

const maximumTries = 12;

/** Gives a target's ConfigMaps the recorded contents, or back what they held before. Returns the keys that were written, as evidence. Throws StepFailed, ClaimLost. */
export function writeConfigMaps(run: Run, target: PlanTarget, direction: "forward" | "return", deadline: number): Promise<string> {
  return countingWrites((writes) => writeAll(run, target, direction, deadline, writes));
}

async function writeAll(run: Run, target: PlanTarget, direction: "forward" | "return", deadline: number, writes: Writes): Promise<string> {
  if (target.write.effect !== "restore") return "no ConfigMaps";
  const recorded = target.write.configMaps;
  const [wanted, expected] = direction === "forward" ? [recorded, target.before.configMaps] : [target.before.configMaps, recorded];
  const written: string[] = [];
  for (const content of wanted) {
    // On the way back only those that the record has: others were never touched.
    if (!recorded.some((candidate) => candidate.name === content.name)) continue;
    written.push(...(await writeOne(run, content, expected.find((candidate) => candidate.name === content.name) ?? null, direction, deadline, writes)));
  }
  return written.length === 0 ? "already so: not touched" : written.join(", ");
}

async function writeOne(run: Run, wanted: ConfigMapContent, expected: ConfigMapContent | null, direction: "forward" | "return", deadline: number, writes: Writes): Promise<string[]> {
  const { namespace } = run.environment;
  let keys: string[] = [];
  for (let tries = 1; ; tries += 1) {
    const live = await readConfigMap(run, wanted.name, deadline);
    const different = configMapChanges(live === null ? [] : [live.content], [wanted]);
    if (different.length === 0) return keys;
    if (live !== null && (expected === null || configMapChanges([live.content], [expected]).length > 0)) {
      throw new StepFailed(`ConfigMap ${wanted.name} is left as it is: it was changed by somebody else meanwhile (last written by ${lastManager(live.object)})`);
    }
    if (tries > maximumTries) throw new StepFailed(`ConfigMap ${wanted.name} could not be written: somebody else writes it again and again`);
    keys = different;
    if (direction === "forward") await run.permitted();
    await run.keeper.hold();
    try {
      const fresh = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: wanted.name, namespace, annotations: marks(run) }, ...contentOf(wanted) };
      await noted(writes, () => (live === null ? run.cluster.create(kinds.configMaps, namespace, fresh) : run.cluster.replace(kinds.configMaps, namespace, wanted.name, replaced(run, live.object, wanted))));
      return keys;
    } catch (error) {
      await afterFailedWrite(`write ConfigMap ${wanted.name}`, error, tries, deadline, run.keeper.lost);
    }
  }
}

function replaced(run: Run, object: ClusterObject, wanted: ConfigMapContent): Record<string, unknown> {
  const { data: _data, binaryData: _binaryData, ...rest } = object;
  return { ...rest, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...marks(run) } }, ...contentOf(wanted) };
}

function contentOf({ data, binaryData }: ConfigMapContent): Record<string, unknown> {
  return { data, ...(Object.keys(binaryData).length === 0 ? {} : { binaryData }) };
}

/** As `fence` for Deployments: a late write of an earlier claimant must meet another resourceVersion. */
export async function fenceConfigMaps(run: Run, target: PlanTarget, deadline: number): Promise<void> {
  if (target.write.effect !== "restore") return;
  for (const { name } of target.write.configMaps) {
    for (let tries = 1; tries <= maximumTries; tries += 1) {
      const live = await readConfigMap(run, name, deadline);
      if (live === null || live.object.metadata.annotations?.[epochAnnotation] === String(run.keeper.claim.epoch)) break;
      await run.keeper.hold();
      try {
        await run.cluster.patch(kinds.configMaps, run.environment.namespace, name, "merge", { metadata: { ...preconditions(live.object), annotations: marks(run) } });
        break;
      } catch (error) {
        await afterFailedWrite(`mark ConfigMap ${name}`, error, tries, deadline, run.keeper.lost);
      }
    }
  }
}
