import { describe, expect, test } from "vitest";
import { shownCommands } from "#components/shell/palette-commands.ts";
import type { PaletteCommand } from "#components/shell/palette-commands.ts";

const command = (group: PaletteCommand["group"], title: string, detail?: string): PaletteCommand => ({ group, key: `${group} ${title}`, title, ...(detail === undefined ? {} : { detail }), run: () => undefined });
const titles = (shown: ReturnType<typeof shownCommands>): string[][] => shown.shown.map(({ commands }) => commands.map(({ title }) => title));

const cells = ["core", "experience", "commerce"].flatMap((bigPod) => ["dev", "staging", "prod"].map((environment) => ({ bigPod, environment })));
const commands = [
  command("Do", "Promote R-3 to staging"),
  ...cells.map(({ bigPod, environment }) => command("Do", `Restart ${bigPod} in ${environment}`)),
  ...cells.map(({ bigPod, environment }) => command("Do", `Scale ${bigPod} in ${environment}…`)),
  command("Go to", "Overview"),
  ...cells.map(({ bigPod, environment }) => command("Go to", `${bigPod} in ${environment}`, bigPod === "core" && environment === "dev" ? "broken" : "healthy")),
  command("Vigie", "Sign out"),
];

describe("what the palette lists", () => {
  test("without a search every group, in its order", () => {
    const listed = shownCommands(commands, "  ");
    expect(listed.shown.map(({ heading }) => heading)).toEqual(["Do", "Go to", "Vigie"]);
    expect(titles(listed).flat()).toEqual(commands.map(({ title }) => title));
    expect(listed.left).toBe(0);
  });

  test("the best fit comes first, whatever its group", () => {
    expect(titles(shownCommands(commands, "core prod"))[0]?.[0]).toBe("core in prod");
    expect(titles(shownCommands(commands, "restart core prod"))[0]?.[0]).toBe("Restart core in prod");
    expect(titles(shownCommands(commands, "promote"))[0]?.[0]).toBe("Promote R-3 to staging");
    expect(titles(shownCommands(commands, "sign"))[0]?.[0]).toBe("Sign out");
    expect(shownCommands(commands, "core prod").shown.map(({ heading }) => heading)).toEqual([null]);
  });

  test("what does it comes before what was done, however either is written", () => {
    const both = [command("Do", "Restart Core in prod"), command("Go to", "Restart core in prod", "operation, succeeded")];
    for (const search of ["restart core prod", "RESTART CORE", "Restart core in prod"]) expect(shownCommands(both, search).shown[0]?.commands.map(({ group }) => group), search).toEqual(["Do", "Go to"]);
  });

  test("equal fits keep the order given", () => {
    const twins = [command("Do", "Roll back prod"), command("Go to", "Roll back prod")];
    expect(shownCommands(twins, "roll").shown[0]?.commands.map(({ group }) => group)).toEqual(["Do", "Go to"]);
  });

  test("how something is finds it too, and what fits nothing finds nothing", () => {
    expect(titles(shownCommands(commands, "broken"))).toEqual([["core in dev"]]);
    expect(shownCommands(commands, "xyzzy")).toEqual({ shown: [], left: 0 });
  });

  test("no more than can be read, and how many there are besides", () => {
    const many = Array.from({ length: 900 }, (_, index) => command("Go to", `unit-${index} in prod`));
    const all = shownCommands([...commands, ...many], "");
    expect(titles(all).map((group) => group.length)).toEqual([19, 50, 1]);
    expect(all.left).toBe(900 + 10 - 50);
    const found = shownCommands(many, "unit");
    expect([titles(found)[0]?.length, found.left]).toEqual([50, 850]);
    expect(titles(shownCommands(many, "unit-417"))[0]?.[0]).toBe("unit-417 in prod");
  });
});
