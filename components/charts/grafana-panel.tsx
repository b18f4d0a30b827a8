"use client";

import { ExternalLink } from "lucide-react";
import { useState } from "react";
import type { Panels, PanelState } from "#lib/contracts/grafana.ts";
import { withView } from "#lib/domain/grafana-panel.ts";
import { useShownTheme } from "#components/charts/use-shown-theme.ts";
import { WhenSeen } from "#components/charts/when-seen.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import type { AbsenceKind } from "#components/patterns/absence.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { Button } from "#components/ui/button.tsx";
import { Skeleton } from "#components/ui/skeleton.tsx";

const refreshSeconds = 30;
const size = "h-60 w-full";

const words: Record<Exclude<PanelState["state"], "ok">, { title: string; kind: AbsenceKind }> = {
  down: { title: "Grafana cannot be reached", kind: "unreachable" },
  login: { title: "Grafana wants a login", kind: "forbidden" },
  forbidden: { title: "Grafana forbids being shown here", kind: "forbidden" },
  missing: { title: "Grafana has no such panel", kind: "unsupported" },
};

interface GrafanaPanelProps {
  panel: PanelState;
  embed: Panels["embed"];
  from: string;
  to: string;
}

/** One panel, or why it cannot be shown here; in both cases the way to Grafana. */
export function GrafanaPanel({ panel, embed, from, to }: GrafanaPanelProps) {
  const [anyway, showAnyway] = useState(false);
  return (
    <figure className="m-0 grid min-w-0 content-start gap-1.5" data-panel={panel.title} data-state={panel.state}>
      <div className="flex min-h-6 items-baseline justify-between gap-2 text-sm">
        <h3 className="font-semibold">{panel.title}</h3>
        <a href={panel.open} target="_blank" rel="noreferrer noopener" className="inline-flex items-center gap-1 text-xs text-muted hover:text-text max-md:min-h-10">
          Open in Grafana
          <span className="sr-only">: {panel.title}</span>
          <ExternalLink aria-hidden className="size-3" />
        </a>
      </div>
      {panel.state === "ok" || anyway ? (
        <WhenSeen placeholder={<Skeleton className={size} />}>
          <Shown panel={panel} embed={embed} from={from} to={to} />
        </WhenSeen>
      ) : (
        <Absence kind={words[panel.state].kind} title={words[panel.state].title}>
          <p>{panel.sentence}</p>
          {panel.state === "login" && embed === "direct" ? (
            <Button size="small" className="mt-2" onClick={() => showAnyway(true)}>
              I am signed in there: show it
            </Button>
          ) : null}
        </Absence>
      )}
    </figure>
  );
}

function Shown({ panel, embed, from, to }: GrafanaPanelProps) {
  const theme = useShownTheme();
  const round = Math.floor(useNowMs() / (refreshSeconds * 1000));
  if (embed === "proxy") return <Picture key={panel.src} alt={`${panel.title}, as Grafana draws it`} src={`${withView(panel.src, { from, to, theme })}&width=1000&height=420${to === "now" ? `&round=${round}` : ""}`} />;
  // A frame of another origin may keep its own storage, without which Grafana does not start. One of our own origin must never have both: it could take its sandbox off.
  const foreign = URL.parse(panel.src)?.origin !== location.origin;
  return (
    <iframe
      title={`${panel.title}, from Grafana`}
      src={withView(panel.src, { from, to, theme, ...(to === "now" ? { refreshSeconds } : {}) })}
      loading="lazy"
      sandbox={foreign ? "allow-scripts allow-same-origin" : "allow-scripts"}
      referrerPolicy="no-referrer"
      className={`${size} rounded-lg border border-line bg-sunk`}
    />
  );
}

/** Keeps its place and the last good picture while the next one loads; says so when there is none. */
function Picture({ src, alt }: { src: string; alt: string }) {
  const [failed, fail] = useState<string | null>(null);
  return failed === src ? (
    <Absence kind="unreachable" title="Grafana sent no picture">
      <p>Pictures of panels need Grafana&apos;s plugin grafana-image-renderer, and a token that may see the dashboard.</p>
    </Absence>
  ) : (
    // oxlint-disable-next-line nextjs/no-img-element -- made anew every half minute: there is nothing to optimise or to keep
    <img src={src} alt={alt} width={1000} height={420} className="h-auto w-full rounded-lg border border-line" onError={() => fail(src)} />
  );
}
