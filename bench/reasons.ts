/** Why an aim was missed, by part/figure: written by whoever looked into it, printed beside the figure while it is missed. */
export const reasons: Readonly<Record<string, string>> = {
  "first-load/javascript": "136 kB of it are React's and Next's own; 3.4 kB are a second copy of next/link, which app/not-found.tsx brings in a chunk of its own",
  "chaos/runs": "made in several sittings on a machine that other programs shared; the sittings that are missing were not begun",
  "faults/sandbox-violations": "two of the 1,000 runs showed that a slow version check followed by a slow list was told after 5.8 s instead of within 5.5 (mended after this measurement: both seeds pass); the two others pass when run again",
};
