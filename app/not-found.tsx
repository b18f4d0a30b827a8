import type { Metadata } from "next";
import { VigieMark } from "#components/shell/mark.tsx";
import { buttonClasses } from "#components/ui/button.tsx";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main className="mx-auto grid min-h-dvh w-[min(34rem,calc(100vw-2rem))] content-center gap-3">
      <h1 className="flex items-center gap-2.5 text-2xl font-semibold">
        <VigieMark className="size-6" />
        There is nothing at this address
      </h1>
      <p className="text-muted">It was mistyped, or what it named does not exist (any more), or you may not see it.</p>
      {/* A plain link: this page is part of every page, and the router's link would be loaded with it. */}
      <a href="/" className={`${buttonClasses("plain")} justify-self-start`}>
        Go to the overview
      </a>
    </main>
  );
}
