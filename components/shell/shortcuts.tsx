"use client";

import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { openDialog } from "#components/plan/plan-navigation.ts";
import { paletteEvent } from "#components/shell/open-palette.ts";
import { places } from "#components/shell/places.ts";

const Palette = dynamic(() => import("#components/shell/palette.tsx").then((module) => module.Palette), { ssr: false });
const KeyHelp = dynamic(() => import("#components/shell/key-help.tsx").then((module) => module.KeyHelp), { ssr: false });

const chordMs = 1_200;

/** The keys of the whole portal. Single letters are left alone while something is being typed or a dialog is open. */
export function Shortcuts() {
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  const router = useRouter();

  useEffect(() => {
    let wentAt = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
        event.preventDefault();
        setOpen((now) => (now === "palette" ? null : "palette"));
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      if (event.key === "?") setOpen("help");
      else if (event.key === "/") {
        event.preventDefault();
        setOpen("palette");
      } else if (event.key === "g") wentAt = event.timeStamp;
      else if (event.timeStamp - wentAt < chordMs) {
        wentAt = 0;
        const place = places.find(({ key }) => key === event.key);
        if (place) router.push(place.href);
      } else if (event.key === "a" || event.key === "n") onIncidentKey(event);
    };
    const onPalette = () => setOpen("palette");
    document.addEventListener("keydown", onKey);
    document.addEventListener(paletteEvent, onPalette);
    return () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener(paletteEvent, onPalette);
    };
  }, [router]);

  if (open === "palette") return <Palette onClose={() => setOpen(null)} onHelp={() => setOpen("help")} />;
  if (open === "help") return <KeyHelp onClose={() => setOpen(null)} />;
  return null;
}

/** Single letters that mean the incident whose page it is. */
function onIncidentKey(event: KeyboardEvent): void {
  const number = /^\/incidents\/(\d+)$/.exec(location.pathname)?.[1];
  if (number === undefined) return;
  event.preventDefault();
  if (event.key === "a") openDialog("do", `acknowledge:${number}`);
  else document.querySelector<HTMLElement>('textarea[name="text"]')?.focus();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
