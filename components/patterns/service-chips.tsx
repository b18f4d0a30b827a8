import { servicePresentation } from "#lib/domain/status.ts";
import type { ServiceState } from "#lib/contracts/state.ts";
import { ServiceMark, toneText } from "#components/patterns/status-icon.tsx";
import { classes } from "#components/ui/classes.ts";

/** One chip per service: mark, name, restarts. The word of the status is read out, and shown when it is not "up". */
export function ServiceChips({ services, stale = false, className }: { services: readonly ServiceState[]; stale?: boolean; className?: string }) {
  return (
    <ul aria-label="Services" className={classes("flex flex-wrap gap-x-2.5 gap-y-1", className)}>
      {services.map((service) => {
        const { tone, word } = servicePresentation[service.status];
        const shown = stale ? "stale" : tone;
        const notable = !stale && (tone === "bad" || tone === "warn");
        return (
          <li key={service.name} title={`${service.name} (${service.kind}): ${service.detail ?? word}`} className={classes("inline-flex items-center gap-1 text-xs", notable ? classes(toneText[tone], "font-semibold") : "text-muted")}>
            <ServiceMark tone={shown} />
            {service.name}
            {service.restarts > 0 ? <span aria-label={`${service.restarts} restarts`}>×{service.restarts}</span> : null}
            <span className="sr-only">{stale ? "not known now" : word}</span>
          </li>
        );
      })}
    </ul>
  );
}
