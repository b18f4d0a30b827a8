import { createEmailChannel } from "#lib/adapters/notify/email.ts";
import { createSlackChannel } from "#lib/adapters/notify/slack.ts";
import { createWebhookChannel } from "#lib/adapters/notify/webhook.ts";
import type { Config, NotificationConfig } from "#lib/contracts/config.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { Notify, NotifyChannel } from "#lib/ports/notify.ts";

/** The configured channels, each made when it is first used: a secret that is missing is the trouble of its channel alone. */
export function createChannels(config: Pick<Config, "notifications" | "egress">, secretOf: (reference: string) => string): Notify {
  const made = new Map<string, NotifyChannel>();
  return {
    channel(name) {
      const known = made.get(name);
      if (known !== undefined) return known;
      const found = config.notifications.find((candidate) => candidate.name === name);
      if (found === undefined) throw new VigieError("not-found", `There is no channel "${name}" under notifications in vigie.yaml.`);
      const channel = create(found, config.egress.allow, secretOf);
      made.set(name, channel);
      return channel;
    },
  };
}

function create(config: NotificationConfig, allow: readonly string[], secretOf: (reference: string) => string): NotifyChannel {
  switch (config.kind) {
    case "slack":
      return createSlackChannel({ url: config.url, token: secretOf(config.token), to: config.to });
    case "email":
      return createEmailChannel({ ...config, password: config.password === undefined ? undefined : secretOf(config.password) });
    case "webhook":
      return createWebhookChannel({ url: config.url, secret: secretOf(config.secret), allow });
    default:
      return assertNever(config);
  }
}
