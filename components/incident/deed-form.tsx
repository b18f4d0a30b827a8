"use client";

import type { ReactNode } from "react";
import type { Deed } from "#components/incident/use-deed.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { ignoreHeldEnter } from "#components/patterns/reason-field.tsx";
import { Button } from "#components/ui/button.tsx";
import type { ButtonTone } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

interface DeedFormProps {
  title: string;
  /** Verb and object. */
  label: string;
  /** What leaving means: "Leave it open". */
  leave: string;
  tone?: ButtonTone;
  deed: Deed;
  disabledBecause: string | null;
  /** Nothing has to be typed: then typing Enter confirms. */
  confirmFirst?: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A small dialog that does one thing to an incident, and says what that leaves untouched. */
export function DeedForm({ title, label, leave, tone = "go", deed, disabledBecause, confirmFirst = false, onConfirm, onClose, children }: DeedFormProps) {
  const because = deed.sending ? "Being handed over…" : disabledBecause;
  return (
    <Dialog title={title} heading={title} onClose={onClose} className="w-[min(34rem,calc(100vw-1.5rem))]">
      <form
        className="grid gap-4 p-5 pt-3 text-sm max-md:px-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (because === null) onConfirm();
        }}
      >
        {children}
        {deed.error ? <Failure error={deed.error} /> : null}
        <div className="flex flex-wrap items-center justify-end gap-2 max-md:flex-col-reverse max-md:items-stretch">
          <span className="basis-full text-xs text-faint empty:hidden" aria-live="polite">
            {because}
          </span>
          <Button onClick={onClose}>{leave}</Button>
          <Button type="submit" tone={tone} data-autofocus={confirmFirst ? "" : undefined} onKeyDown={ignoreHeldEnter} disabledBecause={because}>
            {label}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A select among a few, with its label above. */
export function Choice({ label, value, options, onChange, first = false }: { label: string; value: string; options: readonly (readonly [value: string, words: string])[]; onChange: (value: string) => void; first?: boolean }) {
  return (
    <label className="grid gap-1">
      <span className="text-xs text-muted">{label}</span>
      <select value={value} data-autofocus={first ? "" : undefined} onChange={(event) => onChange(event.target.value)} className="min-h-9 w-full rounded-[7px] border border-control bg-sunk px-2 py-1.5 text-sm text-text max-lg:min-h-11">
        {options.map(([of, words]) => (
          <option key={of} value={of}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
