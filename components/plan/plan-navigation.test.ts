import { afterEach, expect, test, vi } from "vitest";
import { dialogsAreHosted, openDialog, openPlan, originOf } from "#components/plan/plan-navigation.ts";

afterEach(() => vi.unstubAllGlobals());

test("what is opened before the router hears of addresses is opened once it does, the last of it alone", async () => {
  const pushed: string[] = [];
  vi.stubGlobal("location", new URL("http://portal.example/incidents/12"));
  vi.stubGlobal("history", { pushState: (_state: unknown, _title: string, url: string) => pushed.push(url) });
  openDialog("do", "resolve:12");
  openPlan({ kind: "rollback", environment: "prod", release: 212 }, { reason: "Incident 12", backTo: "/incidents/12", incident: 12 });
  expect(pushed).toEqual([]);
  dialogsAreHosted();
  // The router's own effect runs in the same turn as the host's, after it.
  expect(pushed).toEqual([]);
  await Promise.resolve();
  expect(pushed).toEqual(["/incidents/12?plan=rollback:prod:R-212&incident=12"]);
  expect(originOf("rollback:prod:R-212")?.reason).toBe("Incident 12");
  openDialog("do", "resolve:12");
  expect(pushed).toHaveLength(2);
});
