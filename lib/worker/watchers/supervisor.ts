import { z } from "zod";
import { quotableLine } from "#lib/domain/fold-last-line.ts";
import type { ServiceHealth } from "#lib/domain/health.ts";
import { healthOfProcess, supervisorStateOf } from "#lib/domain/supervisor-process.ts";
import { ClusterError } from "#lib/ports/cluster.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { clause } from "#lib/worker/watchers/probe-answer.ts";
import { readXmlRpcAnswer, xmlRpcCall } from "#lib/worker/watchers/xml-rpc.ts";
import type { XmlRpcValue } from "#lib/worker/watchers/xml-rpc.ts";

const tailBytes = 2_048;
const rememberedTails = 2_000;

/** supervisor.getAllProcessInfo(), as far as it is read. */
const processSchema = z.looseObject({ name: z.string(), group: z.string().default(""), state: z.number(), statename: z.string().optional(), exitstatus: z.number().default(0), spawnerr: z.string().default(""), stop: z.number().default(0), start: z.number().default(0) });

export type SupervisorAnswer =
  | { kind: "answer"; /** By process name in lower case, and by "group:name". */ processes: ReadonlyMap<string, ServiceHealth> }
  /** It listens, but gives no answer that can be used; or nothing listens. */
  | { kind: "silent"; detail: string };

/** Last lines that were read already, by pod, process and the end of its run: a log is asked for once per end, not once a second. */
export type Tails = Map<string, string | null>;

/**
 * Asks the supervisor inside a pod for all its processes (XML-RPC by POST through the pod proxy), and for the log of those that are down.
 * Throws ClusterError when the pod cannot be reached or may not be asked (creating pods/proxy is a right of its own).
 */
export async function askSupervisor(api: ClusterApi, namespace: string, pod: { name: string; uid: string }, at: { port: number; path: string }, tails: Tails, timeoutMs: number, signal: AbortSignal): Promise<SupervisorAnswer> {
  const where = `the supervisor on port ${at.port}${at.path}`;
  const call = async (method: string, parameters: readonly (string | number)[] = []): Promise<XmlRpcValue | { silent: string }> => {
    const reply = await api.podHttp(namespace, pod.name, at.port, at.path, timeoutMs, signal, { contentType: "text/xml", body: xmlRpcCall(method, parameters) });
    if (reply.status === 0) return { silent: `nothing listens on port ${at.port}, where the supervisor should be` };
    if (reply.status === 401) return { silent: `${where} wants a password, which cannot be given through the API server` };
    if (reply.status !== 200) return { silent: `${where} answers HTTP ${reply.status}` };
    try {
      return readXmlRpcAnswer(reply.body);
    } catch (error) {
      return { silent: `${where} gives no usable answer: ${clause(error instanceof Error ? error.message : String(error)) ?? "no reason"}` };
    }
  };
  const isSilent = (value: unknown): value is { silent: string } => typeof value === "object" && value !== null && "silent" in value && Object.keys(value).length === 1;

  const told = await call("supervisor.getAllProcessInfo");
  if (isSilent(told)) return { kind: "silent", detail: told.silent };
  const read = z.array(processSchema).safeParse(told);
  if (!read.success) return { kind: "silent", detail: `${where} does not list its processes` };

  const tailOf = async (process: z.infer<typeof processSchema>): Promise<string | null> => {
    const key = `${pod.uid}/${process.group}:${process.name}/${process.start}/${process.stop}`;
    const known = tails.get(key);
    if (known !== undefined) return known;
    let line: string | null = null;
    for (const method of ["supervisor.tailProcessStderrLog", "supervisor.tailProcessStdoutLog"]) {
      if (line !== null) break;
      try {
        const tail = await call(method, [`${process.group || process.name}:${process.name}`, 0, tailBytes]);
        if (Array.isArray(tail) && typeof tail[0] === "string") line = clause(quotableLine(tail[0].split("\n")) ?? undefined);
      } catch (error) {
        // The state is known; its reason is a help, and not one to wait for twice.
        if (!(error instanceof ClusterError)) throw error;
      }
    }
    for (const old of tails.keys()) {
      if (tails.size < rememberedTails) break;
      tails.delete(old);
    }
    tails.set(key, line);
    return line;
  };

  const processes = new Map<string, ServiceHealth>();
  await Promise.all(
    read.data.map(async (process) => {
      const state = supervisorStateOf(process.state) ?? supervisorStateOf(process.statename ?? "") ?? "UNKNOWN";
      const down = state === "BACKOFF" || state === "EXITED" || state === "FATAL";
      const health = healthOfProcess({ state, exitStatus: down ? process.exitstatus : null, spawnError: clause(process.spawnerr), lastLine: down ? await tailOf(process) : null });
      processes.set(process.name.toLowerCase(), health);
      processes.set(`${process.group}:${process.name}`.toLowerCase(), health);
    }),
  );
  return { kind: "answer", processes };
}
