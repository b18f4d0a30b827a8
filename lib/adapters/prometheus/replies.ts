import { z } from "zod";

/** Shapes of https://prometheus.io/docs/prometheus/latest/querying/api/ ; unknown keys are left out, native histograms too. */

/** Prometheus writes sample values as text, since JSON has no NaN and no infinities. */
const numberText = z.string().max(40).transform((text, context): number => {
  const plain = text.replace(/^[+-]/, "").toLowerCase();
  const sign = text.startsWith("-") ? -1 : 1;
  if (plain === "nan") return Number.NaN;
  if (plain === "inf" || plain === "infinity") return sign * Number.POSITIVE_INFINITY;
  if (/^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/.test(plain)) return sign * Number(plain);
  context.addIssue({ code: "custom", message: "a number" });
  return z.NEVER;
});

const seconds = z.number().refine((value) => Math.abs(value) <= 8.64e12, "a time");
const pair = z.tuple([seconds, numberText]);
const labels = z.record(z.string(), z.string());
const warnings = z.array(z.string()).optional();

const instantDataSchema = z.discriminatedUnion("resultType", [
  z.object({ resultType: z.literal("vector"), result: z.array(z.object({ metric: labels, value: pair.optional() })) }),
  z.object({ resultType: z.literal("scalar"), result: pair }),
  z.object({ resultType: z.literal("string"), result: z.tuple([seconds, z.string()]) }),
  z.object({ resultType: z.literal("matrix"), result: z.array(z.unknown()) }),
]);

export const instantReplySchema = z.object({ status: z.literal("success"), data: instantDataSchema, warnings });

export const rangeReplySchema = z.object({
  status: z.literal("success"),
  data: z.object({ resultType: z.literal("matrix"), result: z.array(z.object({ metric: labels, values: z.array(pair).optional() })) }),
  warnings,
});

export const alertsReplySchema = z.object({
  status: z.literal("success"),
  data: z.object({
    alerts: z.array(z.object({ labels, annotations: labels.optional(), state: z.string(), activeAt: z.iso.datetime({ offset: true }).optional() })),
  }),
});

export const errorReplySchema = z.object({ status: z.literal("error"), errorType: z.string().optional(), error: z.string() });
