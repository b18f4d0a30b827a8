"use client";

import { useEffect, useId, useRef } from "react";
import type { ReactNode } from "react";
import { classes } from "#components/ui/classes.ts";

interface DialogProps {
  /** Names the dialog; drawn by the caller through `heading`, or only read out when that is left out. */
  title: string;
  heading?: ReactNode;
  description?: ReactNode;
  onClose: () => void;
  className?: string;
  children: ReactNode;
}

/** A modal on the platform's own <dialog>: focus is kept inside, Esc leaves, focus returns to where it came from. */
export function Dialog({ title, heading, description, onClose, className, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const leave = useRef(onClose);
  useEffect(() => {
    leave.current = onClose;
  });
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    const before = document.activeElement;
    dialog.showModal();
    // Where a person means to type comes before what happens to stand first.
    dialog.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    const onBackdrop = (event: MouseEvent) => {
      if (event.target === dialog) leave.current();
    };
    dialog.addEventListener("mousedown", onBackdrop);
    return () => {
      dialog.removeEventListener("mousedown", onBackdrop);
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={heading ? id : undefined}
      aria-label={heading ? undefined : title}
      className={classes(
        "max-h-[calc(100dvh-2rem)] w-[min(45rem,calc(100vw-1.5rem))] overflow-y-auto overscroll-contain rounded-xl border border-line-strong bg-panel p-0 text-text shadow-[0_24px_80px_var(--shadow)]",
        className,
      )}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      {heading ? (
        <div className="px-5 pt-5 max-md:px-4">
          <h2 id={id} className="text-xl leading-snug font-semibold">
            {heading}
          </h2>
          {description ? <div className="mt-0.5 text-xs text-muted">{description}</div> : null}
        </div>
      ) : null}
      {children}
    </dialog>
  );
}
