"use client";

import { Failure } from "#components/patterns/failure.tsx";
import { VigieMark } from "#components/shell/mark.tsx";
import { Button } from "#components/ui/button.tsx";

/** When not even the frame could be made: most often the database is out of reach. */
export default function RootError({ error }: { error: Error & { digest?: string } }) {
  return (
    <main className="mx-auto grid min-h-dvh w-[min(34rem,calc(100vw-2rem))] content-center gap-4">
      <h1 className="flex items-center gap-2.5 text-2xl font-semibold">
        <VigieMark className="size-6" />
        Vigie cannot show anything now
      </h1>
      <Failure error={{ code: "internal", message: "The portal's database does not answer, or the portal is being started. What runs in the clusters goes on. Nothing was changed by opening this page.", detail: null, reference: error.digest ?? null }} />
      <Button className="justify-self-start" onClick={() => location.reload()}>
        Try again
      </Button>
    </main>
  );
}
