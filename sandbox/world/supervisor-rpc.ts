import type { ContainerInstance, ManagedProcess, ProcessState } from "#sandbox/world/container-instance.ts";

/**
 * The XML-RPC interface of supervisord (http://supervisord.org/api.html, http://xmlrpc.com/spec.md): what reads, and nothing that stops or starts.
 * Where a supervisor of the pretended images listens: supervisord's own default.
 */
export const supervisorPort = 9001;

type Value = string | number | boolean | Value[] | { [name: string]: Value };

/** Numbers of supervisor/states.py. */
const stateNumbers: Record<ProcessState, number> = { STOPPED: 0, STARTING: 10, RUNNING: 20, BACKOFF: 30, EXITED: 100, FATAL: 200 };
/** Codes of supervisor/xmlrpc.py. */
const faults = { UNKNOWN_METHOD: 1, INCORRECT_PARAMETERS: 2, BAD_NAME: 10 } as const;
const longestTail = 65_536;

class Fault extends Error {
  readonly code: number;
  constructor(name: keyof typeof faults, detail?: string) {
    super(detail === undefined ? name : `${name}: ${detail}`);
    this.code = faults[name];
  }
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}

function xml(value: Value): string {
  if (typeof value === "string") return `<value><string>${escape(value)}</string></value>`;
  if (typeof value === "number") return `<value><int>${Math.trunc(value)}</int></value>`;
  if (typeof value === "boolean") return `<value><boolean>${value ? 1 : 0}</boolean></value>`;
  if (Array.isArray(value)) return `<value><array><data>\n${value.map(xml).join("\n")}\n</data></array></value>`;
  return `<value><struct>\n${Object.entries(value).map(([name, member]) => `<member>\n<name>${escape(name)}</name>\n${xml(member)}\n</member>`).join("\n")}\n</struct></value>`;
}

/** Method and parameters of a call; strings and integers are all that these methods take. Undefined: not a call. */
export function readCall(body: string): { method: string; parameters: (string | number)[] } | undefined {
  const method = /<methodCall>\s*<methodName>\s*([\w.]+)\s*<\/methodName>/.exec(body)?.[1];
  if (method === undefined) return undefined;
  const parameters = [...body.matchAll(/<param>\s*<value>\s*(?:<(string|int|i4)>)?([^<]*)(?:<\/\1>)?\s*<\/value>\s*<\/param>/g)].map(([, type, text = ""]) => (type === "int" || type === "i4" ? Number(text) : unescape(text)));
  return { method, parameters };
}

function processInfo(process: ManagedProcess, atMs: number): Value {
  const { spec, state, pid, startedAtMs, endedAtMs, exitCode } = process;
  const up = state === "RUNNING" || state === "STARTING";
  const seconds = (ms: number) => Math.floor(ms / 1000);
  const uptime = new Date(Math.max(0, atMs - startedAtMs)).toISOString().slice(11, 19).replace(/^0/, "");
  const descriptions: Record<ProcessState, string> = { RUNNING: `pid ${pid}, uptime ${uptime}`, STARTING: "", STOPPED: "Not started", BACKOFF: "Exited too quickly (process log may have details)", FATAL: "Exited too quickly (process log may have details)", EXITED: new Date(endedAtMs ?? atMs).toUTCString() };
  return {
    name: spec.name, group: spec.name, start: seconds(startedAtMs), stop: endedAtMs === undefined ? 0 : seconds(endedAtMs), now: seconds(atMs),
    state: stateNumbers[state], statename: state,
    spawnerr: state === "BACKOFF" || state === "FATAL" ? "Exited too quickly (process log may have details)" : "",
    exitstatus: up ? 0 : (exitCode ?? 0), logfile: `/var/log/supervisor/${spec.name}.log`, stdout_logfile: `/var/log/supervisor/${spec.name}.log`, stderr_logfile: "", pid: up ? pid : 0, description: descriptions[state],
  };
}

function named(instance: ContainerInstance, name: string | number | undefined): ManagedProcess {
  const bare = typeof name === "string" ? name.slice(name.indexOf(":") + 1) : undefined;
  const found = instance.processes.find((process) => process.spec.name === bare);
  if (!found) throw new Fault("BAD_NAME", String(name));
  return found;
}

/** The last bytes of a process's log, without the prefix that the container's log gives each process. */
function tail(instance: ContainerInstance, process: ManagedProcess, length: number, atMs: number): Value {
  const prefix = `${process.spec.name.padEnd(9)}| `;
  const lines = instance.log.between(instance.start.startedAtMs, atMs + 1).filter(({ text }) => text.startsWith(prefix)).map(({ text }) => `${text.slice(prefix.length)}\n`);
  const whole = lines.join("");
  const kept = length > 0 ? whole.slice(-Math.min(length, longestTail)) : whole;
  return [kept, whole.length, kept.length < whole.length];
}

const methods: Readonly<Record<string, (instance: ContainerInstance, parameters: readonly (string | number)[], atMs: number) => Value>> = {
  "supervisor.getAPIVersion": () => "3.0",
  "supervisor.getSupervisorVersion": () => "4.2.5",
  "supervisor.getIdentification": () => "supervisor",
  "supervisor.getState": () => ({ statecode: 1, statename: "RUNNING" }),
  "supervisor.getPID": () => 1,
  "supervisor.getProcessInfo": (instance, [name], atMs) => processInfo(named(instance, name), atMs),
  "supervisor.getAllProcessInfo": (instance, _parameters, atMs) => instance.processes.map((process) => processInfo(process, atMs)),
  "supervisor.tailProcessStdoutLog": (instance, [name, , length], atMs) => tail(instance, named(instance, name), Number(length ?? 0), atMs),
  // Its children's standard error goes to their standard output (redirect_stderr=true).
  "supervisor.tailProcessStderrLog": (instance, [name]) => (named(instance, name), ["", 0, false]),
  "system.listMethods": () => Object.keys(methods).toSorted(),
};

/** One POST to /RPC2. Refusals are answers too: HTTP 200 with a fault. */
export function answerSupervisor(instance: ContainerInstance, method: string, path: string, body: string, atMs: number): { status: number; headers: Record<string, string>; body: string } {
  const answer = (status: number, text: string, type = "text/xml") => ({ status, headers: { "content-type": type }, body: text });
  if (path.split("?", 1)[0] !== "/RPC2") return answer(404, "Error: 404 Not Found", "text/html");
  if (method !== "POST") return answer(400, "Error: 400 Bad Request", "text/html");
  const call = readCall(body);
  if (call === undefined) return answer(400, "Error: 400 Bad Request", "text/html");
  try {
    const run = methods[call.method];
    if (run === undefined) throw new Fault("UNKNOWN_METHOD");
    return answer(200, `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n${xml(run(instance, call.parameters, atMs))}\n</param>\n</params>\n</methodResponse>\n`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return answer(200, `<?xml version='1.0'?>\n<methodResponse>\n<fault>\n${xml({ faultCode: error.code, faultString: error.message })}\n</fault>\n</methodResponse>\n`);
  }
}
