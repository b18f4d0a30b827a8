/** What can be wrong with the sandbox's Alertmanager. */
export interface AlertmanagerFaultState {
  /** Stopped: connections are refused. What Prometheus sends meanwhile is lost, as it is then. */
  down: boolean;
  /** Delay of every answer. */
  latencyMs: number;
}

export const noAlertmanagerFaults: AlertmanagerFaultState = { down: false, latencyMs: 0 };
