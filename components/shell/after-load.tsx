"use client";

import dynamic from "next/dynamic";

/** What a page can do without in its first moment. */
export const Shortcuts = dynamic(() => import("#components/shell/shortcuts.tsx").then((module) => module.Shortcuts), { ssr: false });
export const Announcer = dynamic(() => import("#components/shell/announcer.tsx").then((module) => module.Announcer), { ssr: false });
