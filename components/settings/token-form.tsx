"use client";

import { useState } from "react";
import type { TokenRequest } from "#lib/contracts/token.ts";
import { useKept } from "#components/actions/kept.ts";
import { roles } from "#lib/domain/access.ts";
import { Button } from "#components/ui/button.tsx";

const field = "min-h-9 w-full min-w-0 rounded-[7px] border border-control bg-panel px-2 text-sm text-text max-lg:min-h-11";

/** `onCreate` resolves to whether it was made; the fields are emptied only then. */
export function TokenForm({ environments, onCreate }: { environments: readonly string[]; onCreate: (request: TokenRequest) => Promise<boolean> }) {
  const [busy, setBusy] = useState(false);
  // Making a token may take signing in again: what was filled in is there afterwards.
  const [name, setName] = useKept("token name", "");
  const [roleName, setRoleName] = useKept("token role", "viewer");
  const [environment, setEnvironment] = useKept("token environment", "");
  const [days, setDays] = useKept("token days", "90");
  const submit = async () => {
    const role = roles.find((known) => known === roleName);
    if (!role || busy) return;
    setBusy(true);
    const made = await onCreate({ name, role, environments: environment === "" ? "*" : [environment], expiresInDays: Number(days) });
    setBusy(false);
    if (!made) return;
    setName("");
    setRoleName("viewer");
    setEnvironment("");
    setDays("90");
  };
  return (
    <form
      aria-label="New API token"
      className="grid grid-cols-2 items-end gap-2 lg:grid-cols-[1.5fr_1fr_1fr_90px_auto]"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label className="grid gap-1 text-xs text-muted">
        Name
        <input name="name" value={name} onChange={(event) => setName(event.target.value)} required maxLength={60} autoComplete="off" placeholder="deploy bot" className={field} />
      </label>
      <label className="grid gap-1 text-xs text-muted">
        Role
        <select name="role" value={roleName} onChange={(event) => setRoleName(event.target.value)} className={field}>
          {roles.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      </label>
      <label className="grid gap-1 text-xs text-muted">
        Environment
        <select name="environment" value={environment} onChange={(event) => setEnvironment(event.target.value)} className={field}>
          <option value="">all</option>
          {environments.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <label className="grid gap-1 text-xs text-muted">
        Days
        <input name="expiresInDays" type="number" min={1} max={365} value={days} onChange={(event) => setDays(event.target.value)} required className={field} />
      </label>
      <Button type="submit" className="max-lg:col-span-2" disabledBecause={busy ? "Being made…" : null}>
        Create API token
      </Button>
    </form>
  );
}
