"use client";

import { useState } from "react";
import type { TokenRequest } from "#lib/contracts/token.ts";
import { roles } from "#lib/domain/access.ts";
import { Button } from "#components/ui/button.tsx";

const field = "min-h-9 w-full min-w-0 rounded-[7px] border border-control bg-panel px-2 text-sm text-text max-lg:min-h-11";

/** `onCreate` resolves to whether it was made; the fields are emptied only then. */
export function TokenForm({ environments, onCreate }: { environments: readonly string[]; onCreate: (request: TokenRequest) => Promise<boolean> }) {
  const [busy, setBusy] = useState(false);
  const submit = async (form: HTMLFormElement) => {
    const data = new FormData(form);
    const role = roles.find((known) => known === data.get("role"));
    if (!role || busy) return;
    const environment = String(data.get("environment"));
    setBusy(true);
    const made = await onCreate({ name: String(data.get("name")), role, environments: environment === "" ? "*" : [environment], expiresInDays: Number(data.get("expiresInDays")) });
    setBusy(false);
    if (made) form.reset();
  };
  return (
    <form
      aria-label="New API token"
      className="grid grid-cols-2 items-end gap-2 lg:grid-cols-[1.5fr_1fr_1fr_90px_auto]"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <label className="grid gap-1 text-xs text-muted">
        Name
        <input name="name" required maxLength={60} autoComplete="off" placeholder="deploy bot" className={field} />
      </label>
      <label className="grid gap-1 text-xs text-muted">
        Role
        <select name="role" defaultValue="viewer" className={field}>
          {roles.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      </label>
      <label className="grid gap-1 text-xs text-muted">
        Environment
        <select name="environment" defaultValue="" className={field}>
          <option value="">all</option>
          {environments.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label className="grid gap-1 text-xs text-muted">
        Days
        <input name="expiresInDays" type="number" min={1} max={365} defaultValue={90} required className={field} />
      </label>
      <Button type="submit" className="max-lg:col-span-2" disabledBecause={busy ? "Being made…" : null}>
        Create API token
      </Button>
    </form>
  );
}
