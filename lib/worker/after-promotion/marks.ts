import type { Config } from "#lib/contracts/config.ts";
import type { Marks } from "#lib/db/repositories/promotion-watch.ts";
import { templateOf } from "#lib/domain/fold-read.ts";
import { configMapContent, configMapNames, hashOf, normaliseTemplate } from "#lib/domain/release.ts";
import type { EnvironmentView } from "#lib/ports/environment-view.ts";

/**
 * What each Big Pod of an environment is, as a hash: uid, pod template and ConfigMaps. Restarts, replica counts and status do not move it; an edit by hand
 * does. Big Pods without a workload are left out.
 */
export function marksOf(config: Config, view: Pick<EnvironmentView, "workload" | "configMap">): Marks {
  return Object.fromEntries(
    config.bigPods.flatMap(({ name }) => {
      const workload = view.workload(name);
      if (workload === undefined) return [];
      const template = normaliseTemplate(templateOf(workload));
      const configMaps = configMapNames(template).flatMap((map) => view.configMap(map) ?? []).map(configMapContent);
      return [[name, hashOf({ uid: workload.metadata.uid, template, configMaps })]];
    }),
  );
}

/** Big Pods that are not as they were marked. One that is not seen now counts too: somebody deleted it. */
export function editedSince(marks: Marks, now: Marks): string[] {
  return Object.keys(marks).filter((name) => marks[name] !== now[name]);
}
