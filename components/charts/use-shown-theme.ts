"use client";

import { useSyncExternalStore } from "react";

function subscribe(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", changed);
  };
}

/** The theme as it is seen: the person's choice, else the system's. */
export function useShownTheme(): "light" | "dark" {
  return useSyncExternalStore(
    subscribe,
    () => {
      const chosen = document.documentElement.dataset["theme"];
      return chosen === "light" || chosen === "dark" ? chosen : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    },
    () => "dark",
  );
}
