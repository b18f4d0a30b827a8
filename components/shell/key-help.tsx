"use client";

import { places } from "#components/shell/places.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import { Kbd } from "#components/ui/kbd.tsx";

const keys: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["Ctrl", "K"], "search or do anything (⌘ K on a Mac); / as well"],
  ...places.map(({ key, title }) => [["g", key], `go to ${title}`] as const),
  [["a"], "on an incident: acknowledge it"],
  [["n"], "on an incident: write a note"],
  [["Enter"], "confirm the plan that is open"],
  [["Esc"], "leave a dialog; everything stays as it is"],
  [["?"], "this list"],
];

export function KeyHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" heading="Keys" onClose={onClose} className="w-[min(26rem,calc(100vw-1.5rem))]">
      <div className="grid gap-4 p-5 pt-3">
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
          {keys.map(([strokes, does]) => (
            <div key={does} className="contents">
              <dt className="flex gap-1">
                {strokes.map((stroke) => (
                  <Kbd key={stroke}>{stroke}</Kbd>
                ))}
              </dt>
              <dd className="text-muted">{does}</dd>
            </div>
          ))}
        </dl>
        <div className="flex justify-end">
          <Button onClick={onClose}>Close</Button>
        </div>
      </div>
    </Dialog>
  );
}
