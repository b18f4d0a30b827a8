/** The console's page around the world, which its script exchanges every second. */
export function consolePage(world: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sandbox console · DreamScape demo</title>
<link rel="stylesheet" href="/console.css">
<link rel="icon" href="data:,">
<script type="module" src="/console.js"></script>
</head>
<body>
<header>
<div><h1>Sandbox console</h1><p>Break DreamScape here; see in Vigie what it makes of it.</p></div>
<button id="put-right" data-path="/api/put-right" data-body="{}">Put everything right</button>
</header>
<p id="message" role="status" aria-live="polite"></p>
<noscript><p class="notice">The buttons need JavaScript. Without it, use the control API: <code>GET /api/state</code>, <code>POST /api/faults/…</code></p></noscript>
<main id="world">${world}</main>
</body>
</html>
`;
}
