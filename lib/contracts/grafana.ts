import { z } from "zod";

export const panelsQuerySchema = z.strictObject({ environment: z.string().max(63), bigPod: z.string().max(63) });

export const grafanaStates = ["ok", "down", "login", "forbidden", "missing"] as const;

/** Grafana's panels for a Big Pod. Where one cannot be shown inside the portal, `state` and `sentence` say why, and `open` leads to it. */
export const panelsSchema = z.object({
  /** direct: frames of Grafana's own origin. proxy: pictures under the portal's. */
  embed: z.enum(["direct", "proxy"]),
  panels: z.array(
    z.object({
      title: z.string(),
      state: z.enum(grafanaStates),
      sentence: z.string().nullable(),
      /** Address to frame (direct) or of a picture (proxy), to which from, to and theme are added. */
      src: z.string(),
      /** Grafana's own page of it. */
      open: z.string(),
    }),
  ),
});

export type Panels = z.infer<typeof panelsSchema>;
export type PanelState = Panels["panels"][number];
