import type { DisplayedState } from "#lib/domain/freshness.ts";
import { disagreement } from "#lib/domain/service-accounts.ts";
import { servicePresentation } from "#lib/domain/status.ts";
import { ServiceMark, toneText } from "#components/patterns/status-icon.tsx";

/** Each service of a Big Pod: how it is, why, and where those who were asked contradict each other. */
export function ServiceList({ state }: { state: DisplayedState }) {
  return (
    <ul className="grid border-t border-line md:grid-cols-2 md:gap-x-6 lg:grid-cols-3">
      {state.services.map((service) => {
        const presented = servicePresentation[service.status];
        const contradictions = state.stale ? [] : contradictionsOf(state, service.name);
        return (
          <li key={service.name} data-service={service.name} className="border-b border-line py-1.5 text-sm">
            <span className="flex items-baseline gap-2 whitespace-nowrap">
              <ServiceMark tone={state.stale ? "stale" : presented.tone} />
              <b>{service.name}</b>
              <span className={toneText[state.stale ? "stale" : presented.tone]}>{state.stale ? `was ${presented.word}` : presented.word}</span>
              <span className="ml-auto text-xs text-faint">
                {service.restarts > 0 ? `×${service.restarts} · ` : ""}
                {service.kind}
              </span>
            </span>
            {service.detail ? <span className="block pl-4 text-xs break-words text-muted">{service.detail}</span> : null}
            {contradictions.map(({ pod, sentence }) => (
              <span key={pod} data-disagreement={pod} className="block pl-4 text-xs break-words text-warn">
                They disagree in {pod}: {sentence}
              </span>
            ))}
          </li>
        );
      })}
    </ul>
  );
}

/** What the sources say of one service, per pod in which one calls it well and another does not. */
export function contradictionsOf({ pods }: Pick<DisplayedState, "pods">, service: string): { pod: string; sentence: string }[] {
  return pods.flatMap((pod) => {
    const accounts = pod.services.find((one) => one.name === service)?.accounts;
    const sentence = accounts === undefined || pod.terminating ? null : disagreement(accounts);
    return sentence === null ? [] : [{ pod: pod.name, sentence }];
  });
}
