"use client";

import { PageProblem } from "#components/patterns/page-problem.tsx";

/** When not even the frame could be made: most often the database is out of reach. */
export default function RootError({ error }: { error: Error & { digest?: string } }) {
  return (
    <main className="mx-auto grid min-h-dvh w-[min(34rem,calc(100vw-2rem))] content-center">
      <PageProblem title="Vigie cannot show anything now" reference={error.digest}>
        The portal's database does not answer, or the portal is being started. What runs in the clusters goes on. Nothing was changed by opening this page.
      </PageProblem>
    </main>
  );
}
