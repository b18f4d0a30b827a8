import type { IncomingMessage, ServerResponse } from "node:http";
import type { Faults } from "#sandbox/kube/faults.ts";
import type { RequestInfo } from "#sandbox/kube/http/request-info.ts";
import type { User } from "#sandbox/kube/http/tokens.ts";
import type { WatchHub } from "#sandbox/kube/http/watch-hub.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import type { ApiStore } from "#sandbox/kube/store.ts";
import type { NodeBackend } from "#sandbox/kube/types.ts";

/** What handlers work with. */
export interface ApiServer {
  store: ApiStore;
  backend: NodeBackend;
  faults: Faults;
  hub: WatchHub;
}

/** One authorised request to a served resource. */
export interface ApiCall {
  server: ApiServer;
  request: IncomingMessage;
  response: ServerResponse;
  info: RequestInfo;
  user: User;
  resource: ResourceInfo;
  namespace: string | undefined;
  /** "" when the request names no object. */
  name: string;
  subresource: string | undefined;
  rest: string;
}
