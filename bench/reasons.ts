/** Why an aim was missed, by part/figure: written by whoever looked into it, printed beside the figure while it is missed. */
export const reasons: Readonly<Record<string, string>> = {
  "first-load/javascript": "136 kB of it are React's and Next's own; 3.4 kB are a second copy of next/link, which app/not-found.tsx brings in a chunk of its own",
};
