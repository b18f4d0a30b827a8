/** What may be done about an incident, and what is known of it. Pure: from facts to buttons. */

/** "Incident 12: voyage keeps exiting with code 1, since 14:02 UTC": the reason of whatever is asked for from it. The day stands there when it is another one. */
export function incidentReason(incident: { number: number; title: string; onsetAt: Date }, now: Date): string {
  const onset = incident.onsetAt.toISOString();
  const day = onset.slice(0, 10) === now.toISOString().slice(0, 10) ? "" : `${onset.slice(0, 10)} `;
  const tail = `, since ${day}${onset.slice(11, 16)} UTC`;
  const head = `Incident ${incident.number}: `;
  const room = 500 - head.length - tail.length;
  const title = incident.title.replace(/[.]$/, "");
  return `${head}${title.length > room ? `${title.slice(0, room - 1).toWellFormed()}…` : title}${tail}`;
}
