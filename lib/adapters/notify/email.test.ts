import type { AddressInfo } from "node:net";
import { generate } from "selfsigned";
import { SMTPServer } from "smtp-server";
import type { SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import { createEmailChannel } from "#lib/adapters/notify/email.ts";
import { hostileTitle, testAnnouncement } from "#lib/adapters/notify/test-announcement.ts";
import { NotifyError } from "#lib/ports/notify.ts";

interface Mail {
  from: string;
  to: string[];
  raw: string;
  head: string;
  secure: boolean;
}

let server: SMTPServer | undefined;
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));

/** A real SMTP server that keeps what it gets. */
async function smtp(options: SMTPServerOptions = {}): Promise<{ port: number; mails: Mail[] }> {
  const mails: Mail[] = [];
  server = new SMTPServer({
    authOptional: true, disabledCommands: ["STARTTLS"], logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
      stream.on("end", () => {
        const raw = Buffer.concat(chunks).toString("utf8");
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({ from: mailFrom === false ? "" : mailFrom.address, to: rcptTo.map(({ address }) => address), raw, head: raw.slice(0, raw.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " "), secure: session.secure });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  const listening = server.listen(0, "127.0.0.1");
  await new Promise((resolve) => listening.once("listening", resolve));
  return { port: (listening.address() as AddressInfo).port, mails };
}

const never = new AbortController().signal;
const base = { host: "127.0.0.1", secure: false, sender: "vigie@example.org", to: ["oncall@example.org", "boss@example.org"] };
const header = (mail: Mail | undefined, name: string): string | undefined => new RegExp(`^${name}: (.*)$`, "im").exec(mail?.head ?? "")?.[1];
const decoded = (mail: Mail | undefined): string => (mail?.raw ?? "").replaceAll(/=\r\n/g, "").replaceAll(/(?:=[0-9A-F]{2})+/g, (found) => Buffer.from(found.replaceAll("=", ""), "hex").toString("utf8"));

async function failure(sent: Promise<unknown>): Promise<NotifyError> {
  const error = await sent.then(() => null, (thrown: unknown) => thrown);
  if (!(error instanceof NotifyError)) throw new Error(`it did not fail in words: ${String(error)}`);
  return error;
}

describe("e-mail", () => {
  test("arrives with the words in text and HTML, at everybody", async () => {
    const { port, mails } = await smtp();
    await createEmailChannel({ ...base, port }).send(testAnnouncement(), null, never);
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({ from: "vigie@example.org", to: ["oncall@example.org", "boss@example.org"] });
    expect(header(mails[0], "Subject")).toBe("#12 critical, core in prod: auth keeps exiting with code 137");
    const text = decoded(mails[0]);
    for (const words of ["auth keeps exiting with code 137", "2026-11-21 03:12 UTC", "critical", "Core v2.2.1 → v2.3.0", "nobody yet", "https://vigie.example.org/incidents/12", "text/plain", "text/html"]) expect(text).toContain(words);
    expect(header(mails[0], "Auto-Submitted")).toBe("auto-generated");
  });

  test("all of one incident are a thread, and an attempt that is repeated is the same mail", async () => {
    const { port, mails } = await smtp();
    const email = createEmailChannel({ ...base, port });
    await email.send(testAnnouncement(), null, never);
    await email.send(testAnnouncement({ attempt: 2 }), null, never);
    await email.send(testAnnouncement({ id: "n-2", kind: "resolved" }), null, never);
    const [first, again, last] = mails.map((mail) => [header(mail, "Message-ID"), header(mail, "In-Reply-To"), header(mail, "References")]);
    expect(first).toEqual(["<notification.n-1@example.org>", "<incident.i-1@example.org>", "<incident.i-1@example.org>"]);
    expect(again).toEqual(first);
    expect(last).toEqual(["<notification.n-2@example.org>", "<incident.i-1@example.org>", "<incident.i-1@example.org>"]);
  });

  test("no header can be made by a title, no markup by a label, and no secret is sent", async () => {
    const { port, mails } = await smtp();
    await createEmailChannel({ ...base, port }).send(testAnnouncement({ platform: "Test\r\nBcc: x@example.org" }, { title: hostileTitle }), null, never);
    expect(mails[0]?.to).toEqual(base.to);
    expect(header(mails[0], "Bcc")).toBeUndefined();
    expect(mails[0]?.head.split("\r\n").filter((line) => /^bcc/i.test(line))).toEqual([]);
    const text = decoded(mails[0]);
    expect(text).toContain("&lt;!channel&gt;");
    expect(text).not.toContain("<https://evil.example|here>\"");
    expect(text).not.toContain("hunter2");
  });

  test("signs in over STARTTLS when the certificate is trusted, and not otherwise", async () => {
    const made = await generate([{ name: "commonName", value: "localhost" }], { keySize: 2048, extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }, { type: 7, ip: "127.0.0.1" }] }] });
    const signedIn: string[] = [];
    const { port, mails } = await smtp({
      disabledCommands: [], authOptional: false, key: made.private, cert: made.cert,
      onAuth: ({ username, password }, _session, done) => (signedIn.push(`${username ?? ""}:${password ?? ""}`), password === "right" ? done(null, { user: username ?? "" }) : done(new Error("no"))),
    });
    const options = { ...base, port, username: "vigie", password: "right" };
    await createEmailChannel({ ...options, ca: made.cert }).send(testAnnouncement(), null, never);
    expect(mails[0]?.secure).toBe(true);
    expect(signedIn).toEqual(["vigie:right"]);
    await failure(createEmailChannel(options).send(testAnnouncement(), null, never));
    expect(signedIn).toHaveLength(1);
    expect(await failure(createEmailChannel({ ...options, password: "wrong-secret", ca: made.cert }).send(testAnnouncement(), null, never))).toMatchObject({ permanent: true, message: expect.not.stringContaining("wrong-secret") });
  });

  test("a password does not leave for another machine without encryption", async () => {
    const signedIn: string[] = [];
    const { port } = await smtp({ onAuth: ({ username }, _session, done) => (signedIn.push(username ?? ""), done(null, { user: "x" })) });
    // Another way to write this machine's address, which Vigie does not take for it.
    const elsewhere = { ...base, host: "127.1", port };
    expect((await failure(createEmailChannel({ ...elsewhere, username: "vigie", password: "secret" }).send(testAnnouncement(), null, never))).message).toContain("encryption");
    await createEmailChannel(elsewhere).send(testAnnouncement(), null, never);
    expect(signedIn).toEqual([]);
  });

  test("a server that says nothing is not waited for when Vigie stops", async () => {
    const reached = Promise.withResolvers<void>();
    const { port } = await smtp({ onConnect: () => reached.resolve() });
    const stopping = new AbortController();
    const sending = failure(createEmailChannel({ ...base, port }).send(testAnnouncement(), null, stopping.signal));
    await reached.promise;
    stopping.abort();
    expect(await sending).toMatchObject({ permanent: false, message: expect.stringContaining("stopped") });
    expect((await failure(createEmailChannel({ ...base, port }).send(testAnnouncement(), null, stopping.signal))).message).toContain("stopped");
  });

  test("one of two people who cannot be reached is told, and the other has it once", async () => {
    const { port, mails } = await smtp({ onRcptTo: ({ address }, _session, done) => (address.startsWith("boss") ? done(Object.assign(new Error("no such box"), { responseCode: 550 })) : done()) });
    expect(await failure(createEmailChannel({ ...base, port }).send(testAnnouncement(), null, never))).toMatchObject({ permanent: true, message: expect.stringMatching(/not for boss@example\.org\.$/) });
    expect(mails.map(({ to }) => to)).toEqual([["oncall@example.org"]]);
  });

  test("refused for good, refused for now, nobody there: three different things", async () => {
    const answering = async (code: number) => {
      const { port } = await smtp({ onRcptTo: (_address, _session, done) => done(Object.assign(new Error("no such box"), { responseCode: code })) });
      const error = await failure(createEmailChannel({ ...base, port }).send(testAnnouncement(), null, never));
      await new Promise<void>((resolve) => server?.close(() => resolve()));
      return { error, port };
    };
    expect((await answering(550)).error.permanent).toBe(true);
    const { error, port } = await answering(451);
    expect(error.permanent).toBe(false);
    expect(await failure(createEmailChannel({ ...base, port }).send(testAnnouncement(), null, never))).toMatchObject({ permanent: false, message: expect.stringContaining("cannot be reached") });
  });
});
