import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { VigieMark } from "#components/shell/mark.tsx";
import { buttonClasses } from "#components/ui/button.tsx";

interface SignInProps {
  platform: string;
  providers: readonly { id: string; title: string }[];
  callbackUrl: string;
  /** Why the last try came to nothing. */
  refusal: string | null;
  /** It was to prove who they are anew: so is the next try. */
  again: boolean;
}

/** Plain forms: signing in works without script. */
export function SignIn({ platform, providers, callbackUrl, refusal, again }: SignInProps) {
  return (
    <main className="grid min-h-dvh content-center justify-items-center px-4 py-10">
      <div className="grid w-full max-w-sm gap-5 rounded-xl border border-line-strong bg-panel p-6">
        <div>
          <h1 className="flex items-center gap-2.5 text-2xl font-semibold tracking-[-0.01em]">
            <VigieMark className="size-6" />
            Vigie
          </h1>
          <p className="mt-1 text-muted">Operations of {platform}</p>
        </div>
        {refusal ? (
          <div role="alert" className="flex items-start gap-2.5 rounded-lg border border-warn bg-warn-wash px-3 py-2.5 text-sm">
            <StatusIcon shape="triangle" tone="warn" className="mt-1" />
            <p>{refusal}</p>
          </div>
        ) : null}
        <div className="grid gap-2">
          {providers.map(({ id, title }, index) => (
            <form key={id} method="post" action={`/api/auth/signin/${encodeURIComponent(id)}`}>
              <input type="hidden" name="callbackUrl" value={callbackUrl} />
              {again ? <input type="hidden" name="again" value="1" /> : null}
              <button type="submit" className={`${buttonClasses(index === 0 ? "go" : "plain")} min-h-11 w-full`}>
                Sign in with {title}
              </button>
            </form>
          ))}
        </div>
        <p className="text-xs text-faint">What you do here is recorded under your name, with the reason you give.</p>
      </div>
    </main>
  );
}
