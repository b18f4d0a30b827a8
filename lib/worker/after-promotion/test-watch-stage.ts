import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Operation } from "#lib/contracts/operation.ts";
import { readProposal } from "#lib/worker/guards-facts.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";
import { startSandbox } from "#sandbox/start.ts";

type Policy = Record<string, unknown>;

/** A stage over a sandbox whose environments have policies of the test's own, in the file that workers in other processes read too. */
export async function openWatchStage(policies: Readonly<Record<string, Policy>>): Promise<Stage> {
  const home = mkdtempSync(join(tmpdir(), "vigie-watch-"));
  const sandbox = await startSandbox({ home, portalUrl: "http://127.0.0.1:3999", speed: 10 });
  const config = parse(readFileSync(sandbox.configFile, "utf8")) as { environments: { name: string; policy: Policy }[] }; // written by the sandbox
  for (const environment of config.environments) Object.assign(environment.policy, policies[environment.name]);
  writeFileSync(sandbox.configFile, stringify(config));
  return openStage({
    world: {
      configFile: sandbox.configFile,
      async console(path, body) {
        const response = await fetch(`${sandbox.addresses.console}/api/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
        if (!response.ok) throw new Error(`The console answered ${response.status}: ${await response.text()}`);
      },
      admin: () => Promise.reject(new Error("nothing is written by hand on this stage")),
      async stop() {
        await sandbox.stop();
        rmSync(home, { recursive: true, force: true });
      },
    },
  });
}

/** Promotes experience from staging to prod and waits for its end. `number`: what prod ran before. */
export async function promoteExperience(stage: Stage): Promise<{ operation: Operation; number: number }> {
  await stage.settled("staging");
  await stage.settled("prod");
  const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  const operation = await stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] })));
  if (operation.status !== "succeeded") throw new Error(`The promotion ended as ${operation.status}: ${operation.note}`);
  return { operation, number };
}

/** Takes prod back to a release by hand, so that the next test begins alike. */
export async function takeBack(stage: Stage, number: number): Promise<void> {
  const back = await stage.plan({ kind: "rollback", environment: "prod", release: number });
  const undone = await stage.ended(await stage.confirm(back));
  if (undone.status !== "succeeded") throw new Error(`The rollback ended as ${undone.status}: ${undone.note}`);
  await stage.settled("prod");
}

/** A process of every pod that runs now gives up for good; pods of another release are not touched by it. */
export const breakExperience = (stage: Stage): Promise<void> => stage.console("faults/crash", { environment: "prod", bigPod: "experience", process: "voyage", lasting: true });

export const automaticRollbacks = (stage: Stage, promotionId: string) => stage.database.db.operationRow.findMany({ where: { followsId: promotionId, automatic: true } });

export const proposalIn = (stage: Stage) => readProposal(stage.database.db, "prod");
