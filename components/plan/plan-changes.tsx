import type { Plan, PlanChange } from "#lib/contracts/operation.ts";
import { Digest } from "#components/patterns/digest.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";
import { readReference } from "#components/patterns/image-reference.ts";

/** One row per Big Pod: now, will be, how. Those that are not touched are listed too. */
export function PlanChanges({ plan }: { plan: Plan }) {
  const { bigPods } = useSnapshot();
  return (
    <ul aria-label="Changes" className="border-y border-line">
      {plan.changes.map((change) => (
        <li key={change.bigPod} className="grid grid-cols-[minmax(84px,112px)_minmax(0,1fr)] gap-x-3 gap-y-1 border-b border-line py-2 text-sm last:border-b-0">
          <span className={change.effect === "unchanged" ? "text-muted" : "font-semibold"}>{bigPods.find((bigPod) => bigPod.name === change.bigPod)?.title ?? change.bigPod}</span>
          {change.effect === "unchanged" ? <span className="text-muted">{change.how}</span> : <Touched change={change} />}
        </li>
      ))}
    </ul>
  );
}

function Touched({ change }: { change: PlanChange }) {
  return (
    <div className="grid min-w-0 gap-1">
      {change.images.length > 0 ? (
        <ul className="grid gap-1">
          {change.images.map((image) => (
            <li key={image.container} className="flex flex-wrap items-baseline gap-x-2">
              <span className="text-xs text-muted">{image.container}</span>
              <Version reference={image.from} version={image.fromVersion} />
              <span aria-label="becomes" className="text-faint">
                →
              </span>
              <Version reference={image.to} version={image.toVersion} strong />
            </li>
          ))}
        </ul>
      ) : null}
      {change.replicas && change.replicas.from !== change.replicas.to ? (
        <p>
          {change.replicas.from} → <b>{change.replicas.to}</b> {change.replicas.to === 1 ? "pod" : "pods"}
        </p>
      ) : null}
      <Paths title="configuration" items={change.config} />
      <Paths title="pod template" items={change.template} />
      <p className="text-xs text-muted">{change.how}</p>
    </div>
  );
}

function Version({ reference, version, strong = false }: { reference: string; version: string | null; strong?: boolean }) {
  const { tag, digest } = readReference(reference);
  return (
    <span className="inline-flex min-w-0 items-baseline gap-1">
      <span className={strong ? "font-semibold" : ""}>{version ?? tag ?? "no tag"}</span>
      {digest ? <Digest digest={digest} /> : null}
    </span>
  );
}

function Paths({ title, items }: { title: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <div className="text-xs">
      <span className="text-muted">{title}</span>
      <ul className="font-mono text-warn">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </div>
  );
}
