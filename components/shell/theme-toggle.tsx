"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { useId, useState } from "react";
import { setTheme, themes } from "#components/shell/theme.ts";
import type { Theme } from "#components/shell/theme.ts";
import { classes } from "#components/ui/classes.ts";

const icons = { system: Monitor, dark: Moon, light: Sun } as const;

export function ThemeToggle({ initial }: { initial: Theme }) {
  const id = useId();
  const [theme, choose] = useState(initial);
  return (
    <fieldset className="inline-flex rounded-[7px] border border-line-strong p-0.5">
      <legend className="sr-only">Theme</legend>
      {themes.map((name) => {
        const Icon = icons[name];
        return (
          <label key={name} className={classes("inline-flex min-h-7 cursor-pointer items-center gap-1.5 rounded-[5px] px-2 text-xs has-focus-visible:outline-2 has-focus-visible:outline-accent max-md:min-h-10", theme === name ? "bg-raised text-text" : "text-muted hover:text-text")}>
            <input
              type="radio"
              name={id}
              value={name}
              checked={theme === name}
              className="sr-only"
              onChange={() => {
                choose(name);
                setTheme(name);
              }}
            />
            <Icon aria-hidden className="size-3.5" />
            {name}
          </label>
        );
      })}
    </fieldset>
  );
}
