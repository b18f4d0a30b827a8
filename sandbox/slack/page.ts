import { escapeHtml } from "#sandbox/html.ts";
import type { SlackBlock, SlackMessage } from "#sandbox/slack/messages.ts";

/** The channel as people would see it: newest message first. It loads itself anew every two seconds. */
export function channelPage(messages: readonly SlackMessage[]): string {
  const shown = messages.toReversed().map(
    ({ ts, blocks, text, edits }) => `<article id="m-${escapeHtml(ts)}"><p class="when">Vigie · ${escapeHtml(new Date(Number(ts) * 1_000).toISOString().slice(11, 19))} UTC${edits === 0 ? "" : ` · edited ${edits === 1 ? "once" : `${edits} times`}`}</p>${blocks.length === 0 ? `<p>${mrkdwn(text)}</p>` : blocks.map(blockHtml).join("")}</article>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="2">
<title>Slack of the sandbox</title>
<link rel="icon" href="data:,">
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}article{border-left:4px solid #888;padding:.2rem 1rem;margin:1rem 0}h1{font-size:1.2rem}h2{font-size:1.05rem;margin:.2rem 0}.when{color:#777;font-size:.85rem;margin:0}.fields{display:grid;grid-template-columns:1fr 1fr;gap:.5rem 1rem}.fields p,article p{margin:.2rem 0;overflow-wrap:anywhere}a{display:inline-block;border:1px solid #888;border-radius:6px;padding:.15rem .6rem;margin:.3rem 0}</style>
</head>
<body>
<h1>#incidents</h1>
${shown.length === 0 ? "<p>Nothing was posted yet. Break something in the sandbox's console, and see what Vigie says here.</p>" : shown.join("\n")}
</body>
</html>
`;
}

function blockHtml(block: SlackBlock): string {
  switch (block.type) {
    case "header":
      return `<h2>${escapeHtml(block.text.text)}</h2>`;
    case "section":
      return `${block.text === undefined ? "" : `<p>${textHtml(block.text)}</p>`}${block.fields === undefined ? "" : `<div class="fields">${block.fields.map((field) => `<p>${textHtml(field)}</p>`).join("")}</div>`}`;
    case "context":
      return `<p class="when">${block.elements.map(textHtml).join(" · ")}</p>`;
    case "divider":
      return "<hr>";
    case "actions":
      return block.elements.map((element) => (element.url === undefined ? "" : `<a href="${escapeHtml(element.url)}" rel="noreferrer">${escapeHtml(element.text.text)}</a>`)).join(" ");
  }
}

function textHtml({ type, text }: { type: "plain_text" | "mrkdwn"; text: string }): string {
  return type === "plain_text" ? escapeHtml(text).replaceAll("\n", "<br>") : mrkdwn(text);
}

/** Bold, line ends and the three entities; whatever else Slack knows of marks is not needed here, and stands as it is. */
function mrkdwn(text: string): string {
  const plain = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return escapeHtml(plain).replaceAll(/(^|\s)\*([^*\n]+)\*(?=\s|$)/g, "$1<b>$2</b>").replaceAll("\n", "<br>");
}
