"use client";

import { useState } from "react";
import type { Token, TokenCreated, TokenRequest } from "#lib/contracts/token.ts";
import { connectionLost } from "#components/actions/actions-context.tsx";
import type { ActionError, ActionResult } from "#components/actions/contract.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Failure } from "#components/patterns/failure.tsx";
import { Time } from "#components/patterns/time.tsx";
import { TokenForm } from "#components/settings/token-form.tsx";
import { Button } from "#components/ui/button.tsx";
import { Copy } from "#components/ui/copy.tsx";

interface TokensProps {
  tokens: readonly Token[];
  environments: readonly string[];
  create: (request: TokenRequest) => Promise<ActionResult<TokenCreated>>;
  revoke: (id: string) => Promise<ActionResult<null>>;
}

/** API tokens: made here, shown once, revoked here. */
export function Tokens({ tokens, environments, create, revoke }: TokensProps) {
  const [made, setMade] = useState<TokenCreated | null>(null);
  const [error, setError] = useState<ActionError | null>(null);
  const [sure, setSure] = useState<string | null>(null);
  const onCreate = async (request: TokenRequest) => {
    const result = await create(request).catch(() => ({ ok: false as const, error: connectionLost }));
    setError(result.ok ? null : result.error);
    if (result.ok) setMade(result.value);
    return result.ok;
  };
  const onRevoke = async (id: string) => {
    setSure(null);
    const result = await revoke(id).catch(() => ({ ok: false as const, error: connectionLost }));
    setError(result.ok ? null : result.error);
  };
  return (
    <div className="grid gap-4">
      {made ? (
        <output className="grid gap-1.5 rounded-lg border border-ok bg-ok-wash px-3 py-2.5 text-sm">
          <p>
            <b>{made.name}</b> is made. This is the only time its text is shown: copy it now.
          </p>
          <Copy text={made.token} label="token" className="font-mono text-xs">
            {made.token}
          </Copy>
          <Button size="small" className="justify-self-start" onClick={() => setMade(null)}>
            I have kept it
          </Button>
        </output>
      ) : null}
      {error ? <Failure error={error} /> : null}
      {tokens.length === 0 ? (
        <Absence kind="empty" title="There is no API token" />
      ) : (
        <ul className="border-t border-line text-sm" aria-label="API tokens">
          {tokens.map((token) => (
            <li key={token.id} className="grid items-baseline gap-x-3 gap-y-1 border-b border-line py-2 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto]">
              <span className={token.status === "active" ? "font-semibold" : "text-muted"}>
                {token.name} {token.status === "active" ? null : <span className="text-xs text-hold">{token.status}</span>}
                <span className="block text-xs font-normal text-muted">
                  {token.role} · {token.environments === "*" ? "all environments" : token.environments.join(", ")}
                </span>
              </span>
              <span className="text-xs text-muted">
                {token.createdBy}, <Time at={token.createdAt} /> · ends <Time at={token.expiresAt} /> · {token.lastUsedAt ? <>used <Time at={token.lastUsedAt} /></> : "never used"}
              </span>
              {token.status !== "active" ? null : sure === token.id ? (
                <span className="flex gap-2">
                  <Button size="small" tone="danger" onClick={() => void onRevoke(token.id)}>
                    Revoke {token.name} for good
                  </Button>
                  <Button size="small" onClick={() => setSure(null)}>
                    Keep
                  </Button>
                </span>
              ) : (
                <Button size="small" onClick={() => setSure(token.id)}>
                  Revoke {token.name}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <TokenForm environments={environments} onCreate={onCreate} />
    </div>
  );
}
