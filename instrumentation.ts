/** Next runs this once, before the web process answers anything. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const [{ standAtTheDoor }, { trustedProxies }, { getRuntime }] = await Promise.all([import("#lib/runtime/door.ts"), import("#lib/runtime/client-address.ts"), import("#lib/runtime/wiring.ts")]);
  standAtTheDoor(
    () => {
      try {
        return trustedProxies();
      } catch {
        // A configuration that cannot be read trusts nobody; the readiness check says what is wrong with it.
        return [];
      }
    },
    (address) => getRuntime().log.warn({ address }, "a request said where it came from, but came through an address that server.trustedProxies does not name: limits and the audit log count it as coming from there"),
  );
}
