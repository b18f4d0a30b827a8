/** What can be wrong with the sandbox's Grafana. */
export interface GrafanaFaultState {
  /** Stopped: connections are refused. */
  down: boolean;
  /** As with allow_embedding = false, which is Grafana's default. */
  forbidFraming: boolean;
  /** As with anonymous access switched off: pages lead to /login, the API answers 401. */
  login: boolean;
}

export const noGrafanaFaults: GrafanaFaultState = { down: false, forbidFraming: false, login: false };
