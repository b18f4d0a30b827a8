import type { ComponentProps, ReactNode } from "react";
import { classes } from "#components/ui/classes.ts";

export type ButtonTone = "plain" | "go" | "danger" | "quiet";
export type ButtonSize = "small" | "normal";

const tones: Record<ButtonTone, string> = {
  plain: "border-line-strong bg-panel text-text hover:bg-raised",
  go: "border-accent bg-accent text-on-accent hover:brightness-110",
  danger: "border-bad bg-bad text-on-bad hover:brightness-110",
  quiet: "border-transparent bg-transparent text-muted hover:bg-raised hover:text-text",
};
const sizes: Record<ButtonSize, string> = { small: "whitespace-nowrap min-h-7 px-2.5 text-xs max-lg:min-h-10 max-lg:px-3", normal: "min-h-9 px-3 text-sm max-lg:min-h-11" };

/** Shared look of buttons and of links that act like one. */
export function buttonClasses(tone: ButtonTone = "plain", size: ButtonSize = "normal", disabled = false): string {
  return classes(
    "inline-flex items-center justify-center gap-1.5 rounded-[7px] border py-1 text-center font-semibold leading-tight select-none",
    sizes[size],
    disabled ? "cursor-not-allowed border-dashed border-line-strong bg-transparent text-faint" : tones[tone],
  );
}

interface ButtonProps extends Omit<ComponentProps<"button">, "disabled"> {
  tone?: ButtonTone;
  size?: ButtonSize;
  /** Why it cannot be pressed and when it will work. The button stays focusable so that the sentence can be read. */
  disabledBecause?: string | null;
  children: ReactNode;
}

export function Button({ tone, size, disabledBecause = null, className, children, onClick, type = "button", ...rest }: ButtonProps) {
  const disabled = disabledBecause !== null;
  return (
    <button
      type={type}
      {...rest}
      className={classes(buttonClasses(tone, size, disabled), className)}
      aria-disabled={disabled || undefined}
      title={disabledBecause ?? rest.title}
      onClick={disabled ? (event) => event.preventDefault() : onClick}
    >
      {children}
    </button>
  );
}
