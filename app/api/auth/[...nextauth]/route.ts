import { answerIdentity } from "#lib/runtime/identity.ts";

export const dynamic = "force-dynamic";

interface Parameters {
  params: Promise<{ nextauth: string[] }>;
}

export async function GET(request: Request, { params }: Parameters): Promise<Response> {
  return answerIdentity(request, (await params).nextauth);
}

export async function POST(request: Request, { params }: Parameters): Promise<Response> {
  return answerIdentity(request, (await params).nextauth);
}
