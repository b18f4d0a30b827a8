import type { ReactNode } from "react";
import { buttonClasses } from "#components/ui/button.tsx";

/** A page that could not be made: what that means, what to do, the reference for the log. Light on purpose: every page carries it. */
export function PageProblem({ title, reference, children }: { title: string; reference: string | undefined; children: ReactNode }) {
  return (
    <div role="alert" className="grid justify-items-start gap-3">
      <h1 className="text-2xl leading-tight font-semibold">{title}</h1>
      <p className="max-w-[76ch]">{children}</p>
      {reference === undefined ? null : (
        <p className="text-xs text-muted">
          Reference for the log: <span className="font-mono select-all">{reference}</span>
        </p>
      )}
      <button type="button" className={buttonClasses()} onClick={() => location.reload()}>
        Try again
      </button>
    </div>
  );
}
