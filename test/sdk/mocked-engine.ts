import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it. */
export type Registered = pulumi.runtime.MockResourceArgs;

const knownHost = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/**
 * Pulumi's mocks in place of an engine, and an inventory with the hosts that are named, by their addresses. Gives
 * the list in which registered resources appear.
 */
export async function mockEngine(addresses: Readonly<Record<string, string>>): Promise<Registered[]> {
  const folder = mkdtempSync(join(tmpdir(), "torocloud-sdk-"));
  const inventory = join(folder, "inventory.json");
  const hosts = Object.entries(addresses).map(([name, address]) => [
    name,
    { address, hostKey: knownHost, agent: true },
  ]);
  writeFileSync(inventory, JSON.stringify({ hosts: Object.fromEntries(hosts) as unknown }));
  pulumi.runtime.setAllConfig({ "torocloud:inventory": inventory });
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        registered.push(args);
        return { id: `${args.name}-id`, state: args.inputs as object };
      },
      call: () => ({}),
    },
    "project",
    "stack",
    false,
    "organization",
  );
  return registered;
}

/** The type as a person knows it: "Guest". */
export function kindOf({ type }: Registered): string {
  return type.slice(type.lastIndexOf(":") + 1);
}
