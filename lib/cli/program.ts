import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import { releaseNumberSchema } from "#lib/contracts/operation.ts";
import { roles } from "#lib/domain/access.ts";
import { severities } from "#lib/domain/incident-status.ts";
import { isolationWays } from "#lib/domain/isolation.ts";
import type { IsolationWay } from "#lib/domain/isolation.ts";
import { operationStatuses } from "#lib/domain/status.ts";
import { exportAudit, listAudit, verifyAudit } from "#lib/cli/commands/audit.ts";
import type { AuditFilters } from "#lib/cli/commands/audit.ts";
import { showCheckpoints, showPublicKeys } from "#lib/cli/commands/audit-checkpoints.ts";
import { makeKey, publicKeyOf, verifyOffline } from "#lib/cli/commands/audit-offline.ts";
import type { OfflineFiles } from "#lib/cli/commands/audit-offline.ts";
import { acknowledgeIncident, listIncidents, noteIncident, resolveIncident, showIncident, showNumbers } from "#lib/cli/commands/incidents.ts";
import type { IncidentFilters } from "#lib/cli/commands/incidents.ts";
import { operate, showPlan } from "#lib/cli/commands/operate.ts";
import type { OperateOptions } from "#lib/cli/commands/operate.ts";
import { abortOperation, approveOperation, listOperations, showOperation } from "#lib/cli/commands/operations.ts";
import { adoptDrift, showDrift } from "#lib/cli/commands/drift.ts";
import { showState } from "#lib/cli/commands/state.ts";
import { createToken, listTokens, revokeToken } from "#lib/cli/commands/token.ts";
import { watch } from "#lib/cli/commands/watch.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import { writeJson } from "#lib/cli/output.ts";
import type { Output } from "#lib/cli/output.ts";
import { openClient } from "#lib/cli/session.ts";
import type { GlobalOptions, Session } from "#lib/cli/session.ts";

export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  stdout: { write(text: string): unknown; isTTY?: boolean };
  stderr: { write(text: string): unknown; isTTY?: boolean };
  signal: AbortSignal;
}

/** Runs one command line (without node and script) and returns its exit code. Never throws for what a person or the portal did. */
export async function runCommandLine(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { environment, stdout, stderr, signal } = surroundings;
  let exitCode: number = exitCodes.done;
  const program = new Command("vigie");
  const output = (): Output => {
    const json = program.opts<GlobalOptions>().json === true;
    return { json, terminal: stdout.isTTY === true && environment.NO_COLOR === undefined && !json, write: (text) => void stdout.write(text), note: (text) => void stderr.write(text) };
  };
  const run = async (act: (session: Session) => Promise<number>): Promise<void> => {
    exitCode = await act({ client: openClient(program.opts<GlobalOptions>(), environment), output: output(), signal });
  };
  const alone = async (act: (output: Output) => Promise<number>): Promise<void> => {
    exitCode = await act(output());
  };
  describe(program, run, alone);
  for (const command of [program, ...descendants(program)]) command.exitOverride().configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) });
  try {
    await program.parseAsync([...words], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.refused;
    if (signal.aborted) return 130;
    if (!(error instanceof CommandEnd)) throw error;
    if (output().json) writeJson(output(), { error: { code: error.code, message: error.message, detail: error.detail } });
    stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

type Run = (act: (session: Session) => Promise<number>) => Promise<void>;
/** Runs what needs neither portal nor token. */
type Alone = (act: (output: Output) => Promise<number>) => Promise<void>;

function describe(program: Command, run: Run, alone: Alone): void {
  program
    .description("Promotes, rolls back and watches what Vigie looks after, over its HTTP API.")
    .option("--url <address>", "address of the portal (VIGIE_URL)")
    .option("--token-file <file>", "file that holds an API token (else VIGIE_TOKEN)")
    .option("--json", "print JSON for programs; sentences go to standard error")
    .option("--request-timeout <seconds>", "how long one answer may take", seconds, 30)
    .addHelpText("after", "\nExit codes: 0 done · 1 failed, what was changed went back · 2 refused, nothing was done · 3 the portal cannot be reached, or did not tell the end in time");
  program.command("state").description("what runs where, and how it is").option("-e, --environment <name>").option("--check", "end with 1 unless everything is healthy").action((options: { environment?: string; check?: boolean }) => run((session) => showState(session, options)));
  const drift = program.command("drift").description("what runs other than Vigie applied it").option("-e, --environment <name>").option("--check", "end with 1 when anything has drifted").action((options: { environment?: string; check?: boolean }) => run((session) => showDrift(session, options)));
  drift.command("adopt <environment> <bigPod>").description("say that what runs is what is wanted").requiredOption("--reason <text>").action((environment: string, bigPod: string, options: { reason: string }) => run((session) => adoptDrift(session, { environment, bigPod, ...options })));

  const plan = program.command("plan").description("show what would happen; changes nothing");
  scoped(plan.command("promote").description("bring what runs in one environment to the next")).requiredOption("--from <environment>").requiredOption("--to <environment>").action((options: Promote) => run((session) => showPlan(session, promotion(options))));
  scoped(plan.command("rollback").description("bring an environment back to an earlier release")).requiredOption("-e, --environment <name>").requiredOption("--to <release>", "R-211", release).action((options: Rollback) => run((session) => showPlan(session, rollback(options))));
  isolating(plan.command("isolate").description("cut a Big Pod off, once its evidence is saved")).action((options: Isolate) => run((session) => showPlan(session, isolate(options))));
  one(plan.command("lift-isolation").description("give an isolated Big Pod back")).action((options: One) => run((session) => showPlan(session, lift(options))));

  operating(scoped(program.command("promote").description("promote, and wait for the end"))).requiredOption("--from <environment>").requiredOption("--to <environment>").option("--schedule", "begin by itself when the next window opens").action((options: Promote & OperateOptions) => run((session) => operate(session, promotion(options), options)));
  operating(scoped(program.command("rollback").description("roll back, and wait for the end"))).requiredOption("-e, --environment <name>").requiredOption("--to <release>", "R-211", release).action((options: Rollback & OperateOptions) => run((session) => operate(session, rollback(options), options)));
  operating(program.command("drill").description("rehearse the way back: roll back and return")).requiredOption("-e, --environment <name>").action((options: { environment: string } & OperateOptions) => run((session) => operate(session, { kind: "drill", environment: options.environment }, options)));
  operating(isolating(program.command("isolate").description("save the evidence of a Big Pod, then cut it off; wait for the end"))).action((options: Isolate & OperateOptions) => run((session) => operate(session, isolate(options), options)));
  operating(one(program.command("lift-isolation").description("give an isolated Big Pod back, and wait for the end"))).action((options: One & OperateOptions) => run((session) => operate(session, lift(options), options)));

  program.command("approve").argument("<operation>").description("approve an operation that waits for it").option("--plan <hash>", "approve only if the plan is this one").option("--note <text>").action((id: string, options: { plan?: string; note?: string }) => run((session) => approveOperation(session, id, options)));
  waiting(program.command("abort").argument("<operation>").description("stop an operation and take back what it changed")).action((id: string, options: { wait: boolean; timeout: number }) => run((session) => abortOperation(session, id, options)));
  program
    .command("operations")
    .argument("[operation]")
    .description("operations, newest first; or one with its steps")
    .option("-e, --environment <name>")
    .addOption(new Option("--status <status>").choices(operationStatuses))
    .option("--limit <count>", "at most so many", count, 25)
    .option("-f, --follow", "stay until the one named has ended")
    .option("--timeout <seconds>", "stay at most so long", seconds, 3_600)
    .action((id: string | undefined, options: { environment?: string; status?: string; limit: number; follow?: boolean; timeout: number }) => run((session) => (id === undefined ? listOperations(session, options) : showOperation(session, id, options))));
  describeIncidents(program, run);
  program.command("watch").description("what moves, as it moves, until Ctrl-C").option("-e, --environment <name>").action((options: { environment?: string }) => run((session) => watch(session, options)));

  describeAudit(program, run, alone);

  const token = program.command("token").description("API tokens");
  token.command("list", { isDefault: true }).description("all tokens, without their secrets").action(() => run(listTokens));
  token
    .command("create")
    .argument("<name>")
    .description("make a token and print it, once")
    .addOption(new Option("--role <role>").choices(roles).makeOptionMandatory())
    .option("-e, --environment <name...>", "only for these environments")
    .option("--days <count>", "days until it ends", count, 90)
    .action((name: string, options: { role: string; environment?: string[]; days: number }) => run((session) => createToken(session, name, options)));
  token.command("revoke").argument("<id>").description("end a token at once").action((id: string) => run((session) => revokeToken(session, id)));
}

function describeAudit(program: Command, run: Run, alone: Alone): void {
  const audit = program.command("audit").description("the audit log");
  audit
    .command("list", { isDefault: true })
    .description("entries, newest first")
    .option("-e, --environment <name>")
    .option("--actor <id>")
    .option("--action <action>")
    .option("--operation <id>")
    .option("--from <time>", "ISO 8601")
    .option("--to <time>", "ISO 8601")
    .option("--text <text>")
    .option("--limit <count>", "at most so many", count, 25)
    .action((filters: AuditFilters) => run((session) => listAudit(session, filters)));
  audit
    .command("verify")
    .description("recompute the chain; ends with 1 when it does not hold")
    .option("--known-sequence <number>", "a position noted earlier", count)
    .option("--known-hash <hash>")
    .option("--export <file>", "verify this export instead, without any portal")
    .option("--checkpoints <file>", "checkpoints (JSON Lines, or a folder of them) to hold the export against")
    .option("--public-key <file>", "what the checkpoints must be signed with (PEM)")
    .option("--from <sequence>", "the entry that the export begins with on purpose", count)
    .action((options: VerifyOptions) => verify(options, run, alone));
  audit.command("export").description("the whole log as JSON Lines, to verify elsewhere").action(() => run(exportAudit));
  audit.command("checkpoints").description("signed checkpoints, and where they are kept; ends with 1 when one is missing or late").action(() => run(showCheckpoints));
  audit.command("key").argument("<file>").description("make an Ed25519 key for checkpoints; prints the public key").action((file: string) => alone((output) => makeKey(output, file)));
  audit.command("public-key").description("the public key: the portal's, or that of a private key's file").option("--key <file>").action((options: { key?: string }) => (options.key === undefined ? run(showPublicKeys) : alone((output) => publicKeyOf(output, options.key ?? ""))));
}

interface VerifyOptions extends Partial<OfflineFiles> {
  knownSequence?: number;
  knownHash?: string;
}

function verify({ knownSequence, knownHash, export: file, ...rest }: VerifyOptions, run: Run, alone: Alone): Promise<void> {
  if (file !== undefined) return alone((output) => verifyOffline(output, { export: file, ...rest }));
  if (rest.checkpoints !== undefined || rest.publicKey !== undefined || rest.from !== undefined) throw new CommandEnd(exitCodes.refused, "usage", "--checkpoints, --public-key and --from belong to --export: the portal verifies with the copies it has. Export the log (`vigie audit export`) and verify that.");
  return run((session) => verifyAudit(session, { ...(knownSequence === undefined ? {} : { sequence: knownSequence }), ...(knownHash === undefined ? {} : { hash: knownHash }) }));
}

function describeIncidents(program: Command, run: Run): void {
  program
    .command("incidents")
    .description("open incidents, newest first")
    .option("-e, --environment <name>")
    .option("--big-pod <name>")
    .addOption(new Option("--severity <severity>").choices(severities))
    .option("--all", "those that ended, too")
    .option("--limit <count>", "at most so many", count, 25)
    .option("--check", "end with 1 when one is open")
    .action((options: IncidentFilters) => run((session) => listIncidents(session, options)));
  program.command("incident").argument("<number>", "12 or INC-12", incidentName).description("one incident: signals, suspects, what can be done, the newest of its timeline").action((number: string) => run((session) => showIncident(session, number)));
  program.command("incident-numbers").description("time to acknowledge, to resolve, failed-deployment recovery time, change failure rate").option("-e, --environment <name>").option("--days <count>", "of the last days", count, 90).action((options: { environment?: string; days: number }) => run((session) => showNumbers(session, options)));
  program.command("ack").argument("<number>", "12 or INC-12", incidentName).description("say that you look at an incident; it silences nothing").action((number: string) => run((session) => acknowledgeIncident(session, number)));
  program.command("note").argument("<number>", "12 or INC-12", incidentName).argument("<text>").description("add a note to an incident's timeline").action((number: string, text: string) => run((session) => noteIncident(session, number, text)));
  program.command("resolve").argument("<number>", "12 or INC-12", incidentName).requiredOption("--note <text>", "what it was, and what helped").description("call an incident resolved").action((number: string, options: { note: string }) => run((session) => resolveIncident(session, number, options.note)));
}

interface Promote {
  from: string;
  to: string;
  bigPod?: string[];
}
interface Rollback {
  environment: string;
  to: number;
  bigPod?: string[];
}
interface One {
  environment: string;
  bigPod: string;
}
interface Isolate extends One {
  how: IsolationWay;
}

function isolate({ environment, bigPod, how }: Isolate): PlanRequest {
  return { kind: "isolate", environment, bigPod, how };
}

function lift({ environment, bigPod }: One): PlanRequest {
  return { kind: "lift-isolation", environment, bigPod };
}

function one(command: Command): Command {
  return command.requiredOption("-e, --environment <name>").requiredOption("--big-pod <name>");
}

function isolating(command: Command): Command {
  return one(command).addOption(new Option("--how <way>", "by a NetworkPolicy that lets nothing in or out, or by taking its pods away").choices(isolationWays).makeOptionMandatory());
}

function promotion({ from, to, bigPod }: Promote): PlanRequest {
  return { kind: "promotion", from, to, ...(bigPod === undefined ? {} : { bigPods: bigPod }) };
}

function rollback({ environment, to, bigPod }: Rollback): PlanRequest {
  return { kind: "rollback", environment, release: to, ...(bigPod === undefined ? {} : { bigPods: bigPod }) };
}

function scoped(command: Command): Command {
  return command.option("--big-pod <name...>", "only these Big Pods");
}

function waiting(command: Command): Command {
  return command.option("--no-wait", "do not wait for the end").option("--timeout <seconds>", "wait at most so long", seconds, 3_600);
}

function operating(command: Command): Command {
  return waiting(command).option("--reason <text>", "why; the plan's own suggestion when left out").option("--dry-run", "only show the plan").option("--key <text>", "idempotency key: the same key is the same operation").option("--incident <number>", "the incident it is asked for from", count);
}

function release(text: string): number {
  const parsed = releaseNumberSchema.safeParse(/^[0-9]+$/.test(text) ? Number(text) : text);
  if (!parsed.success) throw new InvalidArgumentError("a release such as R-211 is wanted");
  return parsed.data;
}

function incidentName(text: string): string {
  const number = /^(?:INC-|#)?([1-9][0-9]{0,8})$/i.exec(text)?.[1];
  if (number === undefined) throw new InvalidArgumentError("the number of an incident is wanted, such as 12 or INC-12");
  return number;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 7 * 86_400) throw new InvalidArgumentError("a number of seconds is wanted");
  return value;
}

function count(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError("a whole number from 1 is wanted");
  return Number(text);
}
