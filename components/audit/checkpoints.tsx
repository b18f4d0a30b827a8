import type { ReactNode } from "react";
import type { CheckpointsState } from "#lib/contracts/checkpoint.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";
import { Copy } from "#components/ui/copy.tsx";

interface CheckpointsProps {
  /** What was read, or why it could not be. */
  state: { ok: true; value: CheckpointsState } | { ok: false; kind: "forbidden" | "unreachable"; message: ReactNode };
}

/** Whether something outside the database vouches for the log: one line when all is well, a warning in words when a checkpoint is missing, late or undelivered. */
export function Checkpoints({ state }: CheckpointsProps) {
  if (!state.ok) return <Absence kind={state.kind} title="The checkpoints cannot be shown">{state.message}</Absence>;
  const { newest, warnings, places, keys, uncovered, origin } = state.value;
  return (
    <section aria-label="Signed checkpoints" className="grid gap-1.5 text-sm" data-checkpoints={warnings[0]?.kind ?? "well"}>
      {warnings.map(({ kind, sentence }) => (
        <p key={`${kind}${sentence}`} role="alert" className="flex items-baseline gap-2">
          <Mark tone={kind === "refused" ? "bad" : "warn"} shape={kind === "refused" ? "octagon" : "triangle"} word={kind === "refused" ? "Not vouched for" : "Checkpoints"} strong={kind === "refused"} />
          <span className="min-w-0 break-words">{sentence}</span>
        </p>
      ))}
      <details>
        <summary className="cursor-pointer text-muted max-lg:py-2.5">
          {newest === null ? (
            "No signed checkpoint yet"
          ) : (
            <>
              {warnings.length === 0 ? <Mark tone="ok" shape="check" word="Signed checkpoint" /> : "Newest signed checkpoint"} of {newest.checkpoint.size} {newest.checkpoint.size === 1 ? "entry" : "entries"}, <Time at={newest.checkpoint.time} />
              {uncovered > 0 ? `; ${uncovered} since` : ""}
            </>
          )}
        </summary>
        <dl className="grid gap-x-3 gap-y-1 pt-2 text-xs md:grid-cols-[140px_minmax(0,1fr)]">
          <dt className="text-muted">Log</dt>
          <dd className="font-mono">{origin}</dd>
          {places.map((place) => (
            <Place key={place.name} place={place} />
          ))}
          {keys.map((key) => (
            <div key={key.id} className="contents">
              <dt className="text-muted">Public key {key.id}</dt>
              <dd className="min-w-0">
                <Copy text={key.publicKey} label="public key" className="font-mono">
                  {key.publicKey.replaceAll(/-----[^-]+-----|\s/g, "")}
                </Copy>
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}

function Place({ place }: { place: CheckpointsState["places"][number] }) {
  return (
    <>
      <dt className="text-muted">
        {place.name} ({place.kind})
      </dt>
      <dd className="min-w-0 break-words">
        {place.place}
        <span className="text-muted">
          {place.deliveredAt === null ? ": nothing delivered yet" : ": delivered up to "}
          {place.deliveredAt === null ? null : (
            <>
              {place.deliveredSize} {place.deliveredSize === 1 ? "entry" : "entries"}, <Time at={place.deliveredAt} />
            </>
          )}
          {place.waiting > 0 ? `; ${place.waiting} waiting` : ""}
          {place.error === null ? "" : `: ${place.error}`}
        </span>
      </dd>
    </>
  );
}
