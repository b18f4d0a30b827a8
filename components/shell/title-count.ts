"use client";

import { useEffect } from "react";

const counted = /^\(\d+\) /;

/** The title with how many incidents are open before it, "(2) Overview · Vigie": what a tab in the background can tell. */
export function titleWithCount(title: string, count: number): string {
  const bare = title.replace(counted, "");
  return count === 0 ? bare : `(${count}) ${bare}`;
}

/** Keeps the tab's title counted, also when another page sets its own. */
export function useTitleCount(count: number): void {
  useEffect(() => {
    const apply = () => {
      const wanted = titleWithCount(document.title, count);
      if (document.title !== wanted) document.title = wanted;
    };
    apply();
    const observer = new MutationObserver(apply);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [count]);
}
