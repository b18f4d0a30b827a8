"use client";

import { useRouter } from "next/navigation";
import { startTransition } from "react";
import { Failure } from "#components/patterns/failure.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { Button } from "#components/ui/button.tsx";

export default function PortalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const router = useRouter();
  return (
    <>
      <PageHead icon={<StatusIcon shape="question" tone="warn" className="size-[22px]" />} title="This page could not be made" />
      <Failure error={{ code: "internal", message: "Vigie could not read what belongs here: its database may be out of reach. What runs in the clusters is not touched by that. Try again; if it stays, look at /api/readyz.", detail: null, reference: error.digest ?? null }} />
      <Button
        className="justify-self-start"
        onClick={() =>
          startTransition(() => {
            router.refresh();
            reset();
          })
        }
      >
        Try again
      </Button>
    </>
  );
}
