import { expect, test } from "vitest";
import { createPlatformLab, firstOf } from "#sandbox/world/platform-lab.test-support.ts";

const call = (method: string, ...parameters: string[]): Buffer => Buffer.from(`<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${parameters.map((value) => `<param><value>${value}</value></param>`).join("")}</params></methodCall>`);

test("supervised pods answer supervisord's XML-RPC on port 9001: all processes, the end of a log, faults; others have nobody there", async () => {
  const lab = createPlatformLab();
  const pod = firstOf(lab.bigPod("prod", "experience"));
  const post = async (body: Buffer, path = "/RPC2", method = "POST") => lab.backend.proxy(pod, 9001, { method, path, headers: {}, body });
  const all = await post(call("supervisor.getAllProcessInfo"));
  expect(all.status).toBe(200);
  expect([...all.body.matchAll(/<name>name<\/name>\s*<value><string>(\w+)<\/string>/g)].map(([, name]) => name)).toEqual(["voyage", "ai", "panorama"]);
  expect(all.body.match(/<string>RUNNING<\/string>/g)).toHaveLength(3);

  lab.control.crash({ environment: "prod", bigPod: "experience", process: "voyage", exitCode: 3, lastLine: "Error: no <tiles>" }, true);
  lab.clock.run(5_000);
  const info = (await post(call("supervisor.getProcessInfo", "<string>voyage:voyage</string>"))).body;
  expect(info).toMatch(/<name>statename<\/name>\s*<value><string>FATAL<\/string>/);
  expect(info).toMatch(/<name>exitstatus<\/name>\s*<value><int>3<\/int>/);
  expect((await post(call("supervisor.tailProcessStdoutLog", "voyage", "<int>0</int>", "<int>200</int>"))).body).toContain("Error: no &lt;tiles&gt;");
  expect((await post(call("supervisor.getProcessInfo", "nobody"))).body).toMatch(/<name>faultCode<\/name>\s*<value><int>10<\/int>[\s\S]*BAD_NAME: nobody/);
  expect((await post(call("supervisor.shutdown"))).body).toContain("UNKNOWN_METHOD");
  expect((await post(Buffer.from("hello"))).status).toBe(400);
  expect((await post(call("supervisor.getState"), "/elsewhere")).status).toBe(404);
  const core = firstOf(lab.bigPod("prod", "core"));
  await expect(lab.backend.proxy(core, 9001, { method: "POST", path: "/RPC2", headers: {}, body: call("supervisor.getState") })).rejects.toThrow("connection refused");
  lab.stop();
});
