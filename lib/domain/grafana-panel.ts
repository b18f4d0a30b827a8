/** A panel as the configuration names it. */
export interface ConfiguredPanel {
  title: string;
  dashboard: string;
  panel: number;
  variables: Readonly<Record<string, string>>;
  bigPods?: readonly string[] | undefined;
}

export interface PanelPlace {
  environment: string;
  namespace: string;
  bigPod: string;
}

export const panelThemes = ["light", "dark"] as const;
export type PanelTheme = (typeof panelThemes)[number];

export const panelVariables = ["$environment", "$namespace", "$bigPod"] as const;

/** Panels that are shown for a Big Pod. */
export function panelsOf<Panel extends ConfiguredPanel>(panels: readonly Panel[], bigPod: string): Panel[] {
  return panels.filter((panel) => panel.bigPods === undefined || panel.bigPods.includes(bigPod));
}

/** The dashboard's variables (var-…) with their values filled in; names as in the configuration. */
export function filledVariables({ variables }: Pick<ConfiguredPanel, "variables">, place: PanelPlace): [string, string][] {
  const values: Record<string, string> = { environment: place.environment, namespace: place.namespace, bigPod: place.bigPod };
  return Object.entries(variables).map(([name, text]) => [`var-${name}`, text.replaceAll(/\$(environment|namespace|bigPod)\b/g, (whole, key: string) => values[key] ?? whole)]);
}

/** Path and query of one panel alone; time and theme are added with `withView`. Source: Grafana's "Share panel", Embed. */
export function soloPath(panel: ConfiguredPanel, place: PanelPlace): string {
  return `/d-solo/${panel.dashboard}/_?${new URLSearchParams([["orgId", "1"], ["panelId", String(panel.panel)], ...filledVariables(panel, place)])}`;
}

/** Path and query of the dashboard with the panel in full view: where people go to look closer. */
export function dashboardPath(panel: ConfiguredPanel, place: PanelPlace): string {
  return `/d/${panel.dashboard}/_?${new URLSearchParams([["orgId", "1"], ["viewPanel", String(panel.panel)], ...filledVariables(panel, place)])}`;
}

/** Times as Grafana takes them: milliseconds, or relative to now so that an open panel need not be loaded anew. */
export interface PanelView {
  from: string;
  to: string;
  theme: PanelTheme;
  refreshSeconds?: number;
}

export function withView(path: string, { from, to, theme, refreshSeconds }: PanelView): string {
  return `${path}&${new URLSearchParams({ from, to, theme, timezone: "browser", ...(refreshSeconds === undefined ? {} : { refresh: `${refreshSeconds}s` }) })}`;
}

/** Whether a text is a moment that Grafana understands: epoch milliseconds, "now" or "now-15m". */
export function isPanelMoment(text: string): boolean {
  return /^(\d{1,15}|now(-\d{1,5}[smhdw])?)$/.test(text);
}
