import { z } from "zod";
import { directory } from "../artifacts/files.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { markerRoot } from "../lifecycle/marker.ts";
import { Facts } from "../validation/facts.ts";
import { HostName, none } from "../validation/schemas.ts";

const inputs = z.object({
  host: HostName.describe("The host, by its name in the inventory."),
});

/** A machine of the inventory: that it can be reached, is a Debian we know, and what it can do. */
export const host = defineResource({
  type: "torocloud:host:Host",
  summary: "A machine of the inventory, and the facts about it.",
  kind: "host",
  inputs,
  derived: none,
  outputs: Facts,
  derive: {},
  onChange: { host: "replace" },
  replaceOrder: "create-then-delete",

  name: (desired) => desired.host,
  artifacts: () => [directory(markerRoot)],
  report: () => ({ kind: "facts", spec: {}, what: "asking what it is" }),
});
