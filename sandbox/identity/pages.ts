import { demoAccounts } from "#sandbox/identity/accounts.ts";
import { escapeHtml } from "#sandbox/html.ts";

/** The sign-in page: one button per account, no script. `uid` names the interaction the choice belongs to. */
export function signInPage(uid: string): string {
  const choices = demoAccounts.map(
    (account) => `<li><button name="account" value="${escapeHtml(account.id)}" aria-describedby="${account.id}-does">Continue as ${escapeHtml(account.label)}</button>
<span id="${account.id}-does">${escapeHtml(account.does)}</span></li>`,
  );
  return page(
    "Sign in",
    `<p>This is the demo's own sign-in service. Choose who you are:</p>
<form method="post" action="/sign-in/${escapeHtml(uid)}"><ul>${choices.join("\n")}</ul>
<button class="quiet" name="account" value="">Go back without signing in</button></form>`,
  );
}

/** Asks whether to end the session here too. `form` is the provider's own form, with the fields it checks. */
export function signOutPage(form: string): string {
  return page("Sign out", `${form}<p>Do you want to sign out of the demo's sign-in service too?</p><button form="op.logoutForm" name="logout" value="yes">Sign out</button> <button class="quiet" form="op.logoutForm">Stay signed in</button>`);
}

export function messagePage(title: string, message: string): string {
  return page(title, `<p>${escapeHtml(message)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · DreamScape demo</title>
<link rel="stylesheet" href="/sign-in.css">
<link rel="icon" href="data:,">
</head>
<body><main><h1>${escapeHtml(title)}</h1>
${body}
</main></body>
</html>
`;
}

export const signInCss = `:root { color-scheme: light dark; --surface: #f6f7f9; --card: #fff; --text: #16202c; --dim: #55606e; --line: #d5dae1; --accent: #1d5fc4; --on-accent: #fff }
@media (prefers-color-scheme: dark) { :root { --surface: #0e141b; --card: #161e28; --text: #e6ebf1; --dim: #9aa7b6; --line: #2b3644; --accent: #7fb0ff; --on-accent: #0b1420 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 16px; background: var(--surface); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 420px; padding: 24px; background: var(--card); border: 1px solid var(--line); border-radius: 10px }
h1 { margin: 0 0 8px; font-size: 20px }
p { margin: 0 0 16px; color: var(--dim) }
ul { list-style: none; margin: 0; padding: 0 }
li { margin-bottom: 14px }
li span { display: block; margin-top: 4px; font-size: 14px; color: var(--dim) }
button { min-height: 44px; padding: 8px 16px; border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer }
li button { width: 100% }
button.quiet { border-color: var(--line); background: transparent; color: var(--text); font-weight: 400 }
button:hover { filter: brightness(1.08) }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
`;
