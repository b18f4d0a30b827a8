import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { SignIn } from "#components/sign-in/sign-in.tsx";
import { safeReturnPath } from "#lib/domain/request-origin.ts";
import { signInRefusalSentence } from "#lib/domain/sign-in-refusal.ts";
import { portalUrl } from "#lib/runtime/portal-url.ts";
import { currentActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: { searchParams: SearchParams }) {
  const { error, callbackUrl, again } = await single(searchParams);
  const { config } = getRuntime();
  const back = safeReturnPath(callbackUrl, portalUrl(config));
  // Nobody can be asked while the database is away: the page is shown all the same, with its reason.
  if (error === undefined && (await currentActor()) !== null) redirect(back);
  const sentence = error === undefined ? null : error === "ended" ? "Your session has ended. Sign in again; you come back to where you were." : signInRefusalSentence(error);
  return <SignIn platform={config.platform.name} providers={config.access.providers.map(({ id, title }) => ({ id, title }))} callbackUrl={back} refusal={sentence} again={again === "1"} />;
}
