"use client";

import "./globals.css";

/** When even the root layout failed. Uses nothing but itself. */
export default function GlobalError({ error }: { error: Error & { digest?: string } }) {
  return (
    <html lang="en">
      <body>
        <main className="mx-auto grid min-h-dvh w-[min(34rem,calc(100vw-2rem))] content-center gap-3">
          <h1 className="text-2xl font-semibold">Vigie could not start this page</h1>
          <p>What runs in the clusters is not touched by that. Reload; if it stays, give this reference to whoever looks after Vigie: {error.digest ?? "none"}</p>
        </main>
      </body>
    </html>
  );
}
