import { expect, test } from "vitest";
import { z } from "zod";
import { issuesSentence } from "#lib/domain/schema-words.ts";

const schema = z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("scale"), replicas: z.int().max(100), bigPods: z.array(z.string().regex(/^[a-z]+$/, "a name")).optional() }), z.strictObject({ kind: z.literal("restart") })]);
const wrong = (value: unknown) => issuesSentence(schema.safeParse(value).error?.issues ?? []);

test.each<[unknown, string]>([
  [null, "must be object, not null"],
  [{}, 'kind: must be one of "scale", "restart"'],
  [{ kind: "scale" }, "replicas: is missing (expected: number)"],
  [{ kind: "scale", replicas: "2" }, "replicas: must be number, not string"],
  [{ kind: "scale", replicas: 2, bigPods: ["../x"] }, "bigPods[0]: a name"],
])("%j: %s", (value, sentence) => {
  expect(wrong(value)).toBe(sentence);
});
