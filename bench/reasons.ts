/** Why an aim was missed, by part/figure: written by whoever looked into it, printed beside the figure while it is missed. */
export const reasons: Readonly<Record<string, string>> = {};
