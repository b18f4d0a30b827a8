"use client";

import { PageProblem } from "#components/patterns/page-problem.tsx";

export default function PortalError({ error }: { error: Error & { digest?: string } }) {
  return (
    <PageProblem title="This page could not be made" reference={error.digest}>
      Vigie could not read what belongs here: its database may be out of reach. What runs in the clusters is not touched by that. Try again; if it stays, look at /api/readyz.
    </PageProblem>
  );
}
