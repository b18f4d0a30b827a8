import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { SignIn } from "#components/sign-in/sign-in.tsx";
import { signInRefusalSentence } from "#lib/domain/sign-in-refusal.ts";
import { currentActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: { searchParams: SearchParams }) {
  const { error, callbackUrl } = await single(searchParams);
  const { config } = getRuntime();
  const back = localPath(callbackUrl);
  // Nobody can be asked while the database is away: the page is shown all the same, with its reason.
  if (error === undefined && (await currentActor()) !== null) redirect(back);
  const sentence = error === undefined ? null : error === "ended" ? "Your session has ended. Sign in again; you come back to where you were." : signInRefusalSentence(error);
  return <SignIn platform={config.platform.name} providers={config.access.providers.map(({ id, title }) => ({ id, title }))} callbackUrl={back} refusal={sentence} />;
}

/** A path of this portal, or its first page: never another origin. The sign-in route checks it again. */
function localPath(callbackUrl: string | undefined): string {
  return callbackUrl !== undefined && /^\/(?![/\\])[^\\\p{C}]*$/u.test(callbackUrl) ? callbackUrl : "/";
}
