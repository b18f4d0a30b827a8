const offset = 14695981039346656037n;
const prime = 1099511628211n;
const separator = 255;

/**
 * Identity of a label set as Prometheus' client library computes it: FNV-1a over names and values in the order of the names, each followed by a
 * byte 255; 16 hex digits. Source: github.com/prometheus/common, model/fnv.go and model/signature.go.
 */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  let hash = offset;
  const add = (byte: number): void => void (hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime));
  for (const name of Object.keys(labels).toSorted()) {
    for (const text of [name, labels[name] ?? ""]) {
      for (const byte of Buffer.from(text, "utf8")) add(byte);
      add(separator);
    }
  }
  return hash.toString(16).padStart(16, "0");
}
