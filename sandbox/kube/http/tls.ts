import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface TlsFiles {
  caPem: string;
  certPem: string;
  keyPem: string;
}

const YEARS = 10;
const MS_A_DAY = 86_400_000;
const NAMES = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a file that only its owner may read, whole or not at all. */
export function writePrivate(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
}

/** The certificate authority and server certificate kept in `folder`, made when they are not there or about to expire. `host` is put into the certificate. */
export async function loadTls(folder: string, host: string, now: Date): Promise<TlsFiles> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const paths = { ca: join(folder, "ca.crt"), cert: join(folder, "server.crt"), key: join(folder, "server.key") };
  const [caPem, certPem, keyPem] = [readIfThere(paths.ca), readIfThere(paths.cert), readIfThere(paths.key)];
  if (caPem && certPem && keyPem && isUsable(caPem, certPem, host, now)) return { caPem, certPem, keyPem };
  const made = await makeTls(host, now);
  writePrivate(paths.key, made.keyPem);
  writePrivate(paths.cert, made.certPem);
  writePrivate(paths.ca, made.caPem);
  return made;
}

function isUsable(caPem: string, certPem: string, host: string, now: Date): boolean {
  const [ca, cert] = [new X509Certificate(caPem), new X509Certificate(certPem)];
  const lasts = Date.parse(cert.validTo) - now.getTime() > 30 * MS_A_DAY;
  return lasts && cert.checkIssued(ca) && cert.verify(ca.publicKey) && (cert.checkIP(host) ?? cert.checkHost(host)) !== undefined;
}

async function makeTls(host: string, now: Date): Promise<TlsFiles> {
  // An hour back: a client whose clock is a little behind must not find it "not yet valid".
  const dates = { notBeforeDate: new Date(now.getTime() - 3_600_000), notAfterDate: new Date(now.getTime() + YEARS * 365 * MS_A_DAY) };
  const ca = await generate([{ name: "commonName", value: "sandbox-ca" }], {
    ...dates, keyType: "ec", algorithm: "sha256",
    extensions: [{ name: "basicConstraints", cA: true, critical: true }, { name: "keyUsage", keyCertSign: true, digitalSignature: true, critical: true }],
  });
  const isAddress = /^[\d.]+$|:/.test(host);
  const addresses = [...new Set(["127.0.0.1", "::1", ...(isAddress ? [host] : [])])];
  const names = [...new Set([...NAMES, ...(isAddress ? [] : [host])])];
  const server = await generate([{ name: "commonName", value: "sandbox-apiserver" }], {
    ...dates, keyType: "ec", algorithm: "sha256", ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [...names.map((value) => ({ type: 2 as const, value })), ...addresses.map((ip) => ({ type: 7 as const, ip }))] },
    ],
  });
  return { caPem: ca.cert, certPem: server.cert, keyPem: server.private };
}
