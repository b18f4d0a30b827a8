export const themes = ["system", "dark", "light"] as const;
export type Theme = (typeof themes)[number];
export const themeCookie = "vigie-theme";

export function readTheme(value: string | undefined): Theme {
  return themes.find((theme) => theme === value) ?? "system";
}

/** The server reads the cookie before the first byte, so nothing flashes and no inline script is needed. */
export function setTheme(theme: Theme): void {
  document.cookie = `${themeCookie}=${theme}; path=/; max-age=31536000; samesite=lax`;
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
