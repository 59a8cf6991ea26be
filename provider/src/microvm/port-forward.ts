import { z } from "zod";
import { defineResource } from "../lifecycle/define-resource.ts";
import { Address, ContextId, HostName, Name, none, Port, VsockDevice } from "../validation/schemas.ts";
import { forwardAnswers, forwardArtifacts, portFree } from "./forward-units.ts";
import { forwardedGuestAnswers } from "./readiness.ts";

const inputs = z.object({
  host: HostName.describe("The host that listens; the guest runs there."),
  listenPort: Port.describe("The TCP port that is opened on the host."),
  listenAddress: Address.default("0.0.0.0").describe("The address that it listens on."),
  guest: Name.describe("The guest's name."),
  guestPort: Port.describe("The vsock port of the guest's service."),
  vsock: VsockDevice.describe("The guest's vsock device."),
  contextId: ContextId.describe("The guest's context identifier."),
});

/** A TCP port of a host, forwarded to a vsock port of a guest. */
export const portForward = defineResource({
  type: "torocloud:microvm:PortForward",
  summary: "A TCP port of a host, forwarded to a vsock port of a guest.",
  kind: "port-forward",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: {
    host: "replace",
    listenPort: "replace",
    listenAddress: "replace",
    guest: "restart",
    guestPort: "restart",
    vsock: "restart",
    contextId: "restart",
  },
  replaceOrder: { host: "create-then-delete", otherwise: "delete-then-create" },

  name: ({ listenPort }) => String(listenPort),
  artifacts: (desired) => forwardArtifacts(desired),
  preconditions: (desired) => [portFree(desired)],
  readyWhen: (desired) => [forwardedGuestAnswers(desired), forwardAnswers(desired)],
});
