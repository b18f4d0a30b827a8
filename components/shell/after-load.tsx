"use client";

import dynamic from "next/dynamic";

/**
 * What a page can do without in its first moment. Keys are not among it: whoever types at once means it.
 * A file of its own because the shell is a server component, and only a client module may leave something out of the first HTML.
 */
export const Announcer = dynamic(() => import("#components/shell/announcer.tsx").then((module) => module.Announcer), { ssr: false });
