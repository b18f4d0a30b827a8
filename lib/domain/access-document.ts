import { actions, isAllowed, roles } from "#lib/domain/access.ts";
import type { Action } from "#lib/domain/access.ts";

/** What these are about belongs to no environment: the services ask with null. */
const withoutEnvironment: ReadonlySet<Action> = new Set(["audit.read", "audit.export", "token.create", "token.revoke", "token.read", "session.read", "session.revoke", "session.manage"]);

/** docs/access.md, made from the rules themselves: a table of roles and actions, everywhere and limited to one environment. */
export function accessDocument(): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const marks = actions.map((action) => {
    const cells = roles.map((role) => {
      if (!isAllowed([{ role, environments: "*" }], action, null)) return "";
      return withoutEnvironment.has(action) && !isAllowed([{ role, environments: ["here"] }], action, null) ? "for all environments" : "yes";
    });
    return row([`\`${action}\``, ...cells]);
  });
  return `# Who may do what

Made by \`npm run access\` from lib/domain/access.ts; a test fails when the two differ.

Roles add up. What no role allows is refused, and the attempt is in the audit log. A role comes from \`access.roles\` in vigie.yaml, by group or verified
e-mail address, for all environments or some; API tokens carry one role. It is asked for again at every action, so taking it away counts at once.
Groups are those of the last sign-in. What changes the last environment, and making API tokens, takes a recent sign-in besides: [sign-in.md](sign-in.md).

"yes": in the environments the role was given for; of the audit log, the entries of these environments and those of none.
"for all environments": what it is about belongs to no environment, so a role limited to some does not allow it.

${row(["action", ...roles])}
${row(["---", ...roles.map(() => "---")])}
${marks.join("\n")}
`;
}
