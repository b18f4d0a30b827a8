"use client";

import type { KeyboardEvent } from "react";

interface ReasonFieldProps {
  label: string;
  name?: string;
  value: string;
  onChange: (value: string) => void;
  /** Where typing begins when the dialog opens. */
  first?: boolean;
  required?: boolean;
  maxLength?: number;
}

/** Where a person says why. Enter confirms, unless it is still held down from what opened the dialog. */
export function ReasonField({ label, name = "reason", value, onChange, first = false, required = true, maxLength = 500 }: ReasonFieldProps) {
  return (
    <label className="grid gap-1">
      <span className="text-xs text-muted">{label}</span>
      <input
        name={name}
        value={value}
        maxLength={maxLength}
        required={required}
        autoComplete="off"
        data-autofocus={first ? "" : undefined}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={ignoreHeldEnter}
        className="min-h-9 w-full rounded-[7px] border border-control bg-sunk px-2.5 py-1.5 text-sm text-text max-lg:min-h-11"
      />
    </label>
  );
}

/** A key still held down from opening the dialog must not confirm it. */
export function ignoreHeldEnter(event: KeyboardEvent): void {
  if (event.key === "Enter" && event.repeat) event.preventDefault();
}
