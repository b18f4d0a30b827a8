/**
 * An answer that is written line by line, pulled as fast as it is read and no faster, and ended when its reader leaves. The first line is made
 * before the answer begins, so that what is refused still gets its status.
 */
export async function streamLines(lines: AsyncGenerator<string>, headers: Record<string, string>): Promise<Response> {
  let first: IteratorResult<string> | null = await lines.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = first ?? (await lines.next());
      first = null;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await lines.return(undefined)),
  });
  return new Response(body, { headers: { "cache-control": "no-store, no-transform", "x-content-type-options": "nosniff", "x-accel-buffering": "no", ...headers } });
}
