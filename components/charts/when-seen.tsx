"use client";

import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";

/** How far below the screen something may be when it begins to load. */
const margin = "300px";

/** Shows a placeholder until it is scrolled near, then the children for good. */
export function WhenSeen({ placeholder, children }: { placeholder: ReactNode; children: ReactNode }) {
  const [seen, see] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (seen || element === null) return;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && see(true), { rootMargin: margin });
    observer.observe(element);
    return () => observer.disconnect();
  }, [seen]);
  return (
    <div ref={place} className="min-w-0">
      {seen ? children : placeholder}
    </div>
  );
}
