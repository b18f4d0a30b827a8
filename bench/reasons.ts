/** Why an aim was missed, by part/figure: written by whoever looked into it, printed beside the figure while it is missed. */
export const reasons: Readonly<Record<string, string>> = {
  "first-load/javascript": "136 kB of it are React's and Next's own; 3.4 kB are a second copy of next/link, which app/not-found.tsx brings in a chunk of its own",
  "latency-large/p95": "the sandbox, one process that plays all 5,000 pods, is late itself: kubectl's p95 of the same changes, below, is most of it",
  "load/worker": "the heap holds 48 MB after each collection, flat in a profile of three minutes; the rest is Node, compiled code, garbage that may grow by 30 %, and what the allocator keeps, which still rises a little: not looked into",
};
