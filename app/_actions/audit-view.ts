"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { auditViewRequestSchema } from "#lib/contracts/audit-review.ts";
import { removeAuditView as remove } from "#lib/services/audit-view/remove.ts";
import { saveAuditView as save } from "#lib/services/audit-view/save.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

/** Gives filters of the audit page a name, for everybody. */
export async function saveAuditView(request: z.input<typeof auditViewRequestSchema>): Promise<ActionResult<{ id: string }>> {
  return answer("save a view of the audit log", async (context, actor) => {
    const saved = await save(context, actor, parsed(auditViewRequestSchema.safeParse(request)));
    revalidatePath("/audit");
    return saved;
  });
}

/** Removes a saved view. */
export async function removeAuditView(id: string): Promise<ActionResult<null>> {
  return answer("remove a view of the audit log", async (context, actor) => {
    await remove(context, actor, parsed(z.uuid().safeParse(id)));
    revalidatePath("/audit");
    return null;
  });
}
