import Link from "next/link";
import { PageHead } from "#components/patterns/section.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { buttonClasses } from "#components/ui/button.tsx";

export default function PortalNotFound() {
  return (
    <>
      <PageHead icon={<StatusIcon shape="question" tone="unknown" className="size-[22px]" />} title="There is nothing at this address">
        <p>It was mistyped, or what it named does not exist (any more), or you may not see it.</p>
      </PageHead>
      <Link href="/" className={`${buttonClasses("plain")} justify-self-start`}>
        Go to the overview
      </Link>
    </>
  );
}
