import { escapeHtml } from "#sandbox/html.ts";
import type { Annotation } from "#sandbox/grafana/annotations.ts";
import type { Dashboard, Panel } from "#sandbox/grafana/dashboards.ts";

export interface PanelView {
  dashboard: Dashboard;
  panel: Panel;
  theme: "light" | "dark";
  fromMs: number;
  toMs: number;
  /** Seconds after which the page loads itself again; null never. */
  refreshSeconds: number | null;
  variables: Readonly<Record<string, string>>;
  series: readonly (readonly [atMs: number, value: number])[][];
  annotations: readonly Annotation[];
  /** Why there is nothing to draw. */
  error: string | null;
}

const width = 600;
const height = 240;
const plot = { left: 80, right: 580, top: 14, bottom: 214 };
const themes = { light: { ground: "#ffffff", text: "#24292e", muted: "#6b7280", grid: "#e4e7eb", line: "#56a64b", mark: "#3274d9" }, dark: { ground: "#181b1f", text: "#ccccdc", muted: "#8e8ea0", grid: "#2c3235", line: "#73bf69", mark: "#5794f2" } };

/** One panel alone, as /d-solo/ shows it: title, lines, annotations. Drawn here, so that it needs no script. */
export function panelPage(view: PanelView): string {
  const { dashboard, panel, theme, refreshSeconds } = view;
  const colours = themes[theme];
  const where = Object.entries(view.variables).map(([name, value]) => `${name} ${value}`).join(", ");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(panel.title)} - ${escapeHtml(dashboard.title)} - Dashboards - Grafana</title>
${refreshSeconds === null ? "" : `<meta http-equiv="refresh" content="${refreshSeconds}">`}
<style>html{color-scheme:${theme}}body{margin:0;background:${colours.ground};color:${colours.text};font:13px/1.4 Inter,system-ui,sans-serif}h1{font-size:13px;font-weight:600;margin:8px 12px 0}p{margin:2px 12px;color:${colours.muted}}svg{display:block;width:100%;height:calc(100vh - 48px);min-height:120px}</style></head>
<body data-theme="${theme}"><h1>${escapeHtml(panel.title)}</h1><p>${escapeHtml(where)}</p>
${view.error === null ? drawing(view) : `<p role="alert">${escapeHtml(view.error)}</p>`}</body></html>
`;
}

function drawing({ panel, theme, fromMs, toMs, series, annotations }: PanelView): string {
  const colours = themes[theme];
  const values = series.flat().map(([, value]) => value).filter(Number.isFinite);
  if (values.length === 0) return "<p>No data</p>";
  const highest = Math.max(...values) || 1;
  const x = (atMs: number) => (plot.left + ((Math.min(Math.max(atMs, fromMs), toMs) - fromMs) / Math.max(1, toMs - fromMs)) * (plot.right - plot.left)).toFixed(1);
  const y = (value: number) => (plot.bottom - (value / highest) * (plot.bottom - plot.top)).toFixed(1);
  const levels = [0, 0.5, 1].map((share) => share * highest);
  const moments = [0, 0.25, 0.5, 0.75, 1].map((share) => fromMs + share * (toMs - fromMs));
  const label = (at: string, top: string | number, words: string, anchor: string) => `<text x="${at}" y="${top}" text-anchor="${anchor}" font-size="11" fill="${colours.muted}">${escapeHtml(words)}</text>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(panel.title)}" preserveAspectRatio="none">
${levels.map((level) => `<line x1="${plot.left}" x2="${plot.right}" y1="${y(level)}" y2="${y(level)}" stroke="${colours.grid}"/>${label(String(plot.left - 6), Number(y(level)) + 4, valueText(level, panel.unit), "end")}`).join("")}
${moments.map((at) => label(x(at), plot.bottom + 16, new Date(at).toISOString().slice(11, 16), "middle")).join("")}
${annotations.map((one) => `<rect data-annotation="${one.id}" x="${x(one.time)}" y="${plot.top}" width="${Math.max(1, Number(x(one.timeEnd)) - Number(x(one.time))).toFixed(1)}" height="${plot.bottom - plot.top}" fill="${colours.mark}" fill-opacity="0.3"><title>${escapeHtml(one.text)}</title></rect>`).join("")}
${series.map((points) => `<polyline fill="none" stroke="${colours.line}" stroke-width="1.5" points="${points.filter(([, value]) => Number.isFinite(value)).map(([at, value]) => `${x(at)},${y(value)}`).join(" ")}"/>`).join("")}
</svg>`;
}

function valueText(value: number, unit: Panel["unit"]): string {
  switch (unit) {
    case "reqps":
      return `${Number(value.toPrecision(3))} req/s`;
    case "percentunit":
      return `${Number((value * 100).toPrecision(3))}%`;
    case "s":
      return value < 1 ? `${Number((value * 1000).toPrecision(3))} ms` : `${Number(value.toPrecision(3))} s`;
    case "bytes":
      return `${Math.round(value / 1024 / 1024)} MiB`;
  }
}

/** The page that asks who one is: what a frame would show where nobody may look without a login. */
export function loginPage(): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Grafana</title></head><body><h1>Welcome to Grafana</h1><form method="post" action="/login"><label>Email or username <input name="user"></label><label>Password <input name="password" type="password"></label><button>Log in</button></form></body></html>
`;
}
