import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { attempt } from "#app/_read/attempt.ts";
import { readQuarantine } from "#app/_read/quarantine.ts";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { ReleaseList } from "#components/release/release-list.tsx";
import { SealedImages } from "#components/release/sealed-images.tsx";
import { Copy } from "#components/ui/copy.tsx";
import { isAllowed } from "#lib/domain/access.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { listReleases } from "#lib/services/release/list.ts";

interface Props {
  params: Promise<{ number: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `R-${(await params).number.replace(/^R-/i, "")}` };
}

/** A release number in every environment that ran it. */
export default async function ReleasePage({ params }: Props) {
  const text = (await params).number;
  const number = Number(/^(?:R-)?([1-9][0-9]{0,8})$/i.exec(text)?.[1] ?? Number.NaN);
  const actor = await requirePageActor(`/releases/${text}`);
  const { context, config } = getRuntime();
  if (Number.isNaN(number)) notFound();
  const visible = config.environments.filter(({ name }) => isAllowed(actor.grants, "release.read", name));
  const records = await Promise.all(
    visible.map(async ({ name }, index) => {
      const page = await attempt(listReleases(context, actor, { environment: name, before: number + 1, limit: 5 }));
      const next = config.environments.find((environment, at) => (environment.policy.promotesFrom ?? config.environments[at - 1]?.name) === name)?.name ?? null;
      return { name, index, next, releases: page.ok ? page.value.releases.filter((release) => release.number === number) : [] };
    }),
  );
  const found = records.filter((record) => record.releases.length > 0);
  const newest = found.at(-1)?.releases[0];
  if (!newest) notFound();
  const quarantines = await readQuarantine(context, actor, visible.map(({ name }) => name));
  return (
    <>
      <PageHead title={`R-${number}`}>
        <p>
          Ran in {found.map(({ name }) => name).join(", ")}. Sealed:{" "}
          <Copy text={newest.contentHash} label="content hash" className="font-mono text-xs">
            {newest.contentHash.slice(0, 16)}
          </Copy>
        </p>
      </PageHead>
      <Section title="Images" aside="by digest">
        <SealedImages release={newest} />
      </Section>
      <p className="text-sm text-muted">
        <Link href={`/audit?release=${number}`} className="underline decoration-line-strong underline-offset-2">
          Its audit entries
        </Link>
      </p>
      {found.map(({ name, next, releases }) => (
        <Section key={name} title={`In ${name}`} id={`in-${name}`}>
          <ReleaseList environment={name} next={next} releases={releases} quarantines={quarantines} />
        </Section>
      ))}
    </>
  );
}
