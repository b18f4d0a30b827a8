import Link from "next/link";
import type { Recovery } from "#lib/contracts/incident-summary.ts";
import { presentRecovery } from "#components/incident/incident-words.ts";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";
import { classes } from "#components/ui/classes.ts";

const borders: Record<Recovery["state"], string> = { verifying: "border-busy bg-busy-wash", recovered: "border-ok bg-ok-wash", "not-recovered": "border-bad bg-bad-wash" };
const names: Record<Recovery["checks"][number]["name"], string> = { digests: "the digests of the release run", services: "every service is up", alerts: "the alerts are quiet" };

/** What the remedy led to: each check by itself, because "rolled back" is not "recovered". */
export function RecoveryCard({ recovery }: { recovery: Recovery }) {
  const { word, tone, shape } = presentRecovery(recovery.state);
  return (
    <section aria-label="Recovery" data-recovery={recovery.state} className={classes("grid gap-1.5 rounded-[10px] border px-3.5 py-2.5", borders[recovery.state])}>
      <p className={classes("flex flex-wrap items-baseline gap-x-2 font-semibold", toneText[tone])}>
        <StatusIcon shape={shape} tone={tone} className="translate-y-px" />
        {recovery.state === "not-recovered" ? "rolled back, not recovered" : word}
        <Link href={`/operations/${recovery.operationId}`} prefetch={false} className="ml-auto text-xs font-normal text-muted underline decoration-line-strong underline-offset-2 hover:text-text">
          the operation
        </Link>
      </p>
      <p className="text-sm">{recovery.sentence}</p>
      <ul className="grid gap-0.5 text-xs" aria-label="What is verified">
        {recovery.checks.map(({ name, ok, detail }) => (
          <li key={name} className="flex flex-wrap items-baseline gap-x-2">
            {ok === null ? <Mark tone="busy" shape="clock" word="not yet" /> : ok ? <Mark tone="ok" shape="check" word="yes" /> : <Mark tone="bad" shape="octagon" word="no" strong />}
            <span>{names[name]}</span>
            <span className="text-muted">{detail}</span>
          </li>
        ))}
      </ul>
      <p className="text-xs text-muted">
        since <Time at={recovery.since} />
        {recovery.until === null || recovery.state !== "verifying" ? null : (
          <>
            , decided <Time at={recovery.until} />
          </>
        )}
      </p>
    </section>
  );
}
