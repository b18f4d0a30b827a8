import { relative } from "node:path";
import { z } from "zod";

/** What test reports say: how it went in one line, and every test that failed or was not run, by name. */
export interface Tally {
  note: string;
  /** "file > name of the group > name of the test (why)" */
  notRun: string[];
  /** "file > name of the group > name of the test: what it said", shortened. */
  failed: string[];
}

/** Enough of a message to know what went wrong where only the end of an output is kept. */
const messageLimit = 600;

const vitestSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(z.object({ name: z.string(), status: z.string(), message: z.string().optional(), assertionResults: z.array(z.object({ status: z.string(), title: z.string(), ancestorTitles: z.array(z.string()), failureMessages: z.array(z.string()).nullish() })) })),
});

const annotationsSchema = z.array(z.object({ type: z.string(), description: z.string().optional() }));
const specSchema = z.object({ title: z.string(), file: z.string(), tests: z.array(z.object({ status: z.string(), expectedStatus: z.string(), annotations: annotationsSchema, results: z.array(z.object({ error: z.object({ message: z.string().optional() }).optional() })) })) });
const suiteSchema = z.object({
  title: z.string(),
  specs: z.array(specSchema),
  get suites() {
    return z.array(suiteSchema).optional();
  },
});
type Suite = z.infer<typeof suiteSchema>;
const playwrightSchema = z.object({
  config: z.object({ rootDir: z.string() }),
  suites: z.array(suiteSchema),
  stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }),
});

/** Of vitest's report "json". Tests that cannot run here say why in a title: "… (not run: kubectl is not on the PATH)". */
export function vitestTally(report: unknown, root: string): Tally {
  const { numPassedTests, numFailedTests, testResults } = vitestSchema.parse(report);
  const notRun = testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status !== "passed" && status !== "failed")
      .map(({ ancestorTitles, title }) => {
        const titles = [...ancestorTitles, title];
        const why = titles.flatMap((one) => /\(not run: (.*)\)$/.exec(one)?.[1] ?? []).join("; ");
        return line(relative(root, file.name), titles.map((one) => one.replace(/ ?\(not run: .*\)$/, "")), why || "it gives no reason, or what comes before it failed");
      }),
  );
  const failed = testResults.flatMap((file) => {
    const tests = file.assertionResults.filter(({ status }) => status === "failed").map(({ ancestorTitles, title, failureMessages }) => failure(relative(root, file.name), [...ancestorTitles, title], failureMessages?.join("\n") ?? ""));
    // One that could not be read, or whose group could not begin, fails without a failed test.
    return tests.length === 0 && file.status === "failed" ? [failure(relative(root, file.name), [], file.message ?? "")] : tests;
  });
  return { note: noteOf(numPassedTests, numFailedTests, notRun.length), notRun, failed };
}

/** Of Playwright's report "json". A reason is the one given to skip or fixme; without any, a test before it in its group failed. */
export function playwrightTally(report: unknown, root: string): Tally {
  const { config, suites, stats } = playwrightSchema.parse(report);
  const notRun = suites.flatMap((suite) => skippedIn(suite, []).map(({ file, titles, why }) => line(relative(root, `${config.rootDir}/${file}`), titles, why)));
  const failed = suites.flatMap((suite) => failedIn(suite, []).map(({ file, titles, message }) => failure(relative(root, `${config.rootDir}/${file}`), titles, message)));
  return { note: noteOf(stats.expected, stats.unexpected + stats.flaky, notRun.length), notRun, failed };
}

function failedIn(suite: Suite, above: readonly string[]): { file: string; titles: string[]; message: string }[] {
  const own = suite.specs.flatMap((spec) =>
    spec.tests
      .filter(({ status }) => status === "unexpected" || status === "flaky")
      .map(({ results }) => ({ file: spec.file, titles: [...above, spec.title], message: results.flatMap(({ error }) => error?.message ?? []).join("\n") })),
  );
  return [...own, ...(suite.suites ?? []).flatMap((inner) => failedIn(inner, [...above, inner.title]))];
}

function failure(file: string, titles: readonly string[], message: string): string {
  // oxlint-disable-next-line no-control-regex -- colours of a terminal
  const said = message.replace(/\u001B\[[0-9;]*m/g, "").split("\n").filter((text) => text.trim() !== "" && !/^\s+at /.test(text)).join("\n  ");
  return `${[file, ...titles].join(" > ")}: ${said.length > messageLimit ? `${said.slice(0, messageLimit)}…` : said}`;
}

function skippedIn(suite: Suite, above: readonly string[]): { file: string; titles: string[]; why: string }[] {
  const own = suite.specs.flatMap((spec) =>
    spec.tests
      .filter(({ status }) => status === "skipped")
      .map(({ expectedStatus, annotations }) => {
        const given = annotations.filter(({ type }) => type === "skip" || type === "fixme").flatMap(({ description }) => description ?? []).join("; ");
        return { file: spec.file, titles: [...above, spec.title], why: given || (expectedStatus === "skipped" ? "it gives no reason" : "a test before it failed") };
      }),
  );
  // The outermost suite is the file itself.
  return [...own, ...(suite.suites ?? []).flatMap((inner) => skippedIn(inner, [...above, inner.title]))];
}

function line(file: string, titles: readonly string[], why: string): string {
  return `${[file, ...titles].join(" > ")} (${why})`;
}

function noteOf(passed: number, failed: number, notRun: number): string {
  return `${passed} passed, ${failed} failed${notRun > 0 ? `, ${notRun} not run` : ""}`;
}

/** How everything begins that tests plant as a secret, to look for it afterwards. */
export const canaryMark = "vgcanary";

/** Whether a report holds a secret that a test planted: reports are kept and sent around, and a failed comparison prints what it compared. */
export function holdsCanary(report: string): boolean {
  return new RegExp(`${canaryMark}[0-9a-f]{24}`).test(report);
}
