import { createSocket } from "node:dgram";
import { Resolver } from "node:dns";
import type { LookupFunction } from "node:net";

export interface TestDns {
  /** A lookup that asks this server, and nothing else, each time anew. */
  lookup: LookupFunction;
  /** Names that were asked for, in order, with the type of record. */
  asked: string[];
  stop(): Promise<void>;
}

/**
 * A name server on loopback that speaks DNS over UDP (RFC 1035) with a TTL of zero. `zone` holds for each name what it answers the first time, the second time
 * and so on, the last one for ever: how a rebinding name server behaves.
 */
export async function startTestDns(zone: Readonly<Record<string, readonly string[]>>): Promise<TestDns> {
  const asked: string[] = [];
  const times = new Map<string, number>();
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, end } = questionOf(query);
    asked.push(`${name} ${type === 1 ? "A" : type === 28 ? "AAAA" : type}`);
    const key = `${name} ${type}`;
    const answers = (zone[name] ?? []).filter((address) => address.includes(":") === (type === 28));
    const at = times.get(key) ?? 0;
    times.set(key, at + 1);
    const address = type === 1 || type === 28 ? answers[Math.min(at, answers.length - 1)] : undefined;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(name in zone ? 0x81_80 : 0x81_83, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(address === undefined ? 0 : 1, 6);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...(address === undefined ? [] : [record(type, address)])]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  const lookup: LookupFunction = (hostname, options, callback) => {
    const found: { address: string; family: number }[] = [];
    resolver.resolve4(hostname, (_, four) => {
      found.push(...(four ?? []).map((address) => ({ address, family: 4 })));
      resolver.resolve6(hostname, (error, six) => {
        found.push(...(six ?? []).map((address) => ({ address, family: 6 })));
        const [first] = found;
        if (first === undefined) return callback(error ?? new Error(`${hostname} has no address`), "", 0);
        return options.all === true ? callback(null, found) : callback(null, first.address, first.family);
      });
    });
  };
  return { lookup, asked, stop: () => new Promise((resolve) => socket.close(() => resolve())) };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** One answer: a pointer to the question's name, type, class IN, TTL 0, the address. */
function record(type: number, address: string): Buffer {
  const data = type === 1 ? Buffer.from(address.split(".").map(Number)) : sixteenBytes(address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc0_0c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function sixteenBytes(address: string): Buffer {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high: string | undefined, low: string | undefined): string => ((Number(high) << 8) | Number(low)).toString(16);
  const plain = dotted === null ? address : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`;
  const [left = "", right] = plain.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(left), groups(right ?? "")];
  const all = right === undefined ? before : [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after];
  return Buffer.concat(all.map((group) => Buffer.from([Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])));
}
