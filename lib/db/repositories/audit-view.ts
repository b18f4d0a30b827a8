import type { AuditView } from "#lib/contracts/audit-review.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { AuditViewRow } from "#lib/db/generated/client.ts";

function toView({ ownerName, createdAt, ...row }: AuditViewRow): AuditView {
  return { ...row, owner: ownerName, createdAt: createdAt.toISOString() };
}

export async function findAuditViews(db: Database): Promise<AuditView[]> {
  return (await db.auditViewRow.findMany({ orderBy: [{ name: "asc" }, { id: "asc" }] })).map(toView);
}

export async function findAuditView(db: Database, id: string): Promise<AuditView | null> {
  const row = await db.auditViewRow.findUnique({ where: { id } });
  return row === null ? null : toView(row);
}

export async function countAuditViews(tx: Transaction): Promise<number> {
  return tx.auditViewRow.count();
}

/** False when the name is taken, whatever its case. */
export async function insertAuditView(tx: Transaction, { id, name, query, ownerId, owner }: Omit<AuditView, "createdAt">): Promise<boolean> {
  return (await tx.$executeRaw`INSERT INTO audit_view (id, name, query, owner_id, owner_name) VALUES (${id}, ${name}, ${query}, ${ownerId}, ${owner}) ON CONFLICT DO NOTHING`) === 1;
}

/** False when it is gone already. */
export async function deleteAuditView(tx: Transaction, id: string): Promise<boolean> {
  return (await tx.auditViewRow.deleteMany({ where: { id } })).count === 1;
}
