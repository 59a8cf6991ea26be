import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { inventoryOf } from "@torocloud/provider";
import { settings } from "./settings.ts";

/** The address of a host, as the inventory has it. */
export function addressOf(host: string): string {
  const { inventory } = settings();
  const { hosts } = inventoryOf(inventory);
  const entry = hosts.get(host);
  if (!entry)
    throw new pulumi.RunError(
      `${host} is no host of ${inventory}; expected one of ${[...hosts.keys()].join(", ")}`,
    );
  return entry.address;
}

/** Where a port of a host answers: IPv6 stands in brackets, and the interface of a link-local address behind "%25" (RFC 6874). */
export function urlOf(host: string, port: number): string {
  const address = addressOf(host);
  const shown = isIP(address) === 6 ? `[${address.replace("%", "%25")}]` : address;
  return `http://${shown}:${String(port)}/`;
}
