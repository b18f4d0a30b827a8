import { BlockList, isIP } from "node:net";
import { lookup as resolve } from "node:dns";
import type { LookupFunction } from "node:net";

/** Addresses that nothing outside may make us talk to: this machine, private networks, link-local (cloud metadata), reserved ones. */
const closed = new BlockList();
for (const [network, prefix] of [["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.0.0.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15], ["224.0.0.0", 3]] as const) closed.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of [["::", 127], ["64:ff9b::", 96], ["fc00::", 7], ["fe80::", 10], ["ff00::", 8]] as const) closed.addSubnet(network, prefix, "ipv6");

/** Whether an address is one of the public Internet. IPv4 written as IPv6 is judged as IPv4. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const family = isIP(plain);
  return family !== 0 && !closed.check(plain, family === 6 ? "ipv6" : "ipv4");
}

/** A DNS lookup for sockets that hands out public addresses only: judged at connect, so a name that changes its address in between gains nothing. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 0);
    const allowed = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (first === undefined) return callback(Object.assign(new Error(`${hostname} has no public address`), { code: "ENOTPUBLIC" }), "", 0);
    if (options.all === true) return callback(null, allowed);
    return callback(null, first.address, first.family);
  });
};
