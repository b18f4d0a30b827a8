import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createWebhookPlace } from "#lib/adapters/checkpoints/webhook.ts";
import { readCheckpointLine } from "#lib/contracts/checkpoint-line.ts";
import { newSigner } from "#lib/domain/test-chain.ts";

const signed = newSigner().sign({ origin: "vigie/test", size: 3, head: "ab".repeat(32), time: "2026-01-01T00:00:00.000Z" });
const never = new AbortController().signal;

async function receiver(status: number) {
  const got: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(status, { location: "http://169.254.169.254/" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo; // a TCP server
  return { got, place: createWebhookPlace({ name: "hook", url: `http://127.0.0.1:${port}/checkpoints`, secret: "key", allow: [`127.0.0.1:${port}`], now: () => new Date(1_795_000_000_000) }) };
}

test("a webhook gets the line itself, signed so that its receiver can check who sent it, and when", async () => {
  const { got, place } = await receiver(204);
  await place.put(signed, never);
  await place.put(signed, never);
  expect(readCheckpointLine(got[0]?.body ?? "")).toEqual(signed);
  expect(got[1]?.body).toBe(got[0]?.body);
  expect(got[0]?.headers["vigie-signature"]).toBe(`v1=${createHmac("sha256", "key").update(`1795000000.${got[0]?.body}`).digest("hex")}`);
});

test.each([[500, false], [302, false], [404, false], [409, true]])("HTTP %i is no arrival", async (status, conflict) => {
  const { got, place } = await receiver(status);
  await expect(place.put(signed, never)).rejects.toMatchObject({ name: "DeliveryError", conflict, message: expect.stringContaining(String(status)) });
  expect(got).toHaveLength(1);
});
