import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "#lib/runtime/free-port.ts";
import { root } from "#lib/runtime/home.ts";

test("a port can be listened on, and lies where no outgoing connection takes it in between", async () => {
  const port = await freePort();
  expect(port).toBeGreaterThanOrEqual(10_240);
  expect(port).toBeLessThan(32_768);
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  await new Promise((resolve) => server.close(resolve));
});

test("a port that somebody listens on is not handed out", async () => {
  const taken = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const random = Math.random;
  onTestFinished(() => void (Math.random = random));
  let asked = 0;
  // The taken one first, then whatever.
  Math.random = () => (asked++ === 0 ? (taken - 10_240 + 0.5) / 22_528 : random());
  expect(await freePort()).not.toBe(taken);
  expect(asked).toBeGreaterThan(1);
});

test.runIf(process.platform === "linux")("three processes that ask at once get ports of their own", async () => {
  // A hundred ports to choose from: without the reservation some would be handed out twice.
  const script = `const random = Math.random; Math.random = () => random() / 225.28;
    const { freePort } = await import(${JSON.stringify(`file://${root}/lib/runtime/free-port.ts`)});
    const ports = []; for (let n = 0; n < 20; n++) ports.push(await freePort());
    console.log(JSON.stringify(ports)); process.stdin.resume();`;
  const children = Array.from({ length: 3 }, () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { cwd: root }));
  const lines: Promise<number[]>[] = children.map(({ child }) => new Promise((resolve) => child.stdout?.once("data", (line: string) => resolve(JSON.parse(line)))));
  const ports = (await Promise.all(lines)).flat();
  for (const { child } of children) child.stdin?.end();
  await Promise.all(children);
  expect(ports).toHaveLength(60);
  expect(new Set(ports).size).toBe(60);
});
