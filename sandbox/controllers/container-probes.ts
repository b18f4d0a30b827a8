import type { Clock } from "#sandbox/controllers/clock.ts";
import type { EventInput } from "#sandbox/controllers/event-recorder.ts";
import type { Container, Probe } from "#sandbox/controllers/pod-shape.ts";
import { runProbe, startProbe } from "#sandbox/controllers/probes.ts";
import type { ContainerHost } from "#sandbox/world/container-host.ts";

export interface ContainerProbesSetting {
  clock: Clock;
  host: ContainerHost;
  podUid: string;
  podIP: () => string;
  container: Container;
  /** When a container without a readiness probe is taken for ready. */
  relistMs: number;
  record: (event: Pick<EventInput, "type" | "reason" | "message">) => void;
  onReady: (ready: boolean) => void;
  onStarted: () => void;
  /** The startup or liveness probe has given up. */
  onDead: (kind: "startup" | "liveness") => void;
}

export interface ContainerProbes {
  /** `started`: the startup probe has been passed already. */
  begin(started: boolean): void;
  end(): void;
}

/** The probes of one container: first startup alone, then readiness and liveness. */
export function createContainerProbes({ clock, host, podUid, podIP, container, relistMs, record, onReady, onStarted, onDead }: ContainerProbesSetting): ContainerProbes {
  const running = new Set<() => void>();

  function loop(kind: "Startup" | "Readiness" | "Liveness", probe: Probe, onVerdict: (healthy: boolean) => void): void {
    running.add(startProbe({
      clock,
      probe,
      attempt: () => runProbe(host, podUid, podIP(), container, probe),
      onFailure: (words) => record({ type: "Warning", reason: "Unhealthy", message: `${kind} probe failed: ${words}` }),
      onVerdict,
    }));
  }

  function end(): void {
    for (const stop of running) stop();
    running.clear();
  }

  function beginOthers(): void {
    if (container.readinessProbe) loop("Readiness", container.readinessProbe, onReady);
    // Without a probe it is ready once the kubelet has seen it run: what exits at once is never seen.
    else running.add(clock.after(relistMs, () => onReady(true)));
    if (container.livenessProbe) {
      loop("Liveness", container.livenessProbe, (healthy) => {
        if (!healthy) onDead("liveness");
      });
    }
  }

  return {
    begin(started) {
      end();
      if (started || !container.startupProbe) return beginOthers();
      loop("Startup", container.startupProbe, (healthy) => {
        if (!healthy) return onDead("startup");
        end();
        onStarted();
        beginOthers();
      });
    },
    end,
  };
}
