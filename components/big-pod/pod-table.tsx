"use client";

import type { PodState } from "#lib/contracts/state.ts";
import { podMark } from "#components/operation/arrivals.tsx";
import { Digest } from "#components/patterns/digest.tsx";
import { ServiceChips } from "#components/patterns/service-chips.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";
import { classes } from "#components/ui/classes.ts";

const head = "px-2 py-1.5 text-left text-xs font-normal text-muted first:pl-0";
const cell = "px-2 py-2 align-baseline first:pl-0";

/** One row per pod; on a phone each becomes a small block of its own. */
export function PodTable({ pods, stale }: { pods: readonly PodState[]; stale: boolean }) {
  return (
    <div className={classes("border-y border-line", stale && "hatched")}>
      <table className="w-full border-collapse text-sm max-lg:block">
        <thead className="max-lg:hidden">
          <tr>
            <th className={head}>Pod</th>
            <th className={head}>State</th>
            <th className={head}>Services</th>
            <th className={head}>Containers</th>
            <th className={head}>Node</th>
            <th className={classes(head, "text-right")}>Restarts</th>
            <th className={classes(head, "text-right")}>Age</th>
          </tr>
        </thead>
        <tbody className="max-lg:block">
          {pods.map((pod) => {
            const mark = podMark(pod);
            return (
              <tr key={pod.uid} data-pod={pod.name} className="border-t border-line max-lg:grid max-lg:grid-cols-[minmax(0,1fr)_auto] max-lg:py-2">
                <td className={classes(cell, "max-lg:px-0 max-lg:py-0.5")}>
                  <span className="font-mono text-xs">{pod.name}</span>
                  {pod.current ? null : <span className="ml-1.5 text-xs text-faint">old template</span>}
                </td>
                <td className={classes(cell, "max-lg:px-0 max-lg:py-0.5 max-lg:text-right")}>{stale ? <Mark tone="stale" shape="dashed" word={`was ${mark.word}`} /> : <Mark {...mark} />}</td>
                <td className={classes(cell, "max-lg:col-span-2 max-lg:px-0 max-lg:py-0.5")}>
                  <ServiceChips services={pod.services} stale={stale} />
                </td>
                <td className={classes(cell, "max-lg:col-span-2 max-lg:px-0 max-lg:py-0.5")}>
                  <ul className="grid gap-0.5 text-xs">
                    {pod.containers.map((container) => (
                      <li key={container.name} className="flex flex-wrap items-baseline gap-x-2" title={container.image}>
                        <span>{container.name}</span>
                        <span className="text-muted">
                          {container.reason ?? container.state}
                          {container.exitCode === null ? "" : `, exit ${container.exitCode}`}
                        </span>
                        {container.digest ? <Digest digest={container.digest} label={`digest of ${container.name}`} /> : <span className="text-faint">no digest yet</span>}
                      </li>
                    ))}
                  </ul>
                </td>
                <td className={classes(cell, "text-xs text-muted max-lg:px-0 max-lg:py-0.5")}>{pod.node ?? "no node yet"}</td>
                <td className={classes(cell, "text-right text-xs max-lg:hidden")}>{pod.restarts}</td>
                <td className={classes(cell, "text-right text-xs text-muted max-lg:px-0 max-lg:py-0.5")}>
                  <span className="lg:hidden">{pod.restarts > 0 ? `${pod.restarts} restarts · ` : ""}</span>
                  {pod.startedAt ? <Time at={pod.startedAt} form="age" /> : "not started"}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
