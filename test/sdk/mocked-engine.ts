import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it. */
export type Registered = pulumi.runtime.MockResourceArgs;

const knownHost = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/** Writes an inventory with the hosts that are named, by their addresses, and has the stack's configuration name it. */
export function writeInventory(
  addresses: Readonly<Record<string, string>>,
  credentials: Readonly<Record<string, unknown>> = { agent: "/dev/null" },
): string {
  const folder = mkdtempSync(join(tmpdir(), "torocloud-sdk-"));
  const inventory = join(folder, "inventory.json");
  const hosts = Object.entries(addresses).map(([name, address]) => [
    name,
    { address, hostKey: knownHost, ...credentials },
  ]);
  writeFileSync(inventory, JSON.stringify({ hosts: Object.fromEntries(hosts) as unknown }));
  pulumi.runtime.setAllConfig({ "torocloud:inventory": inventory });
  return inventory;
}

/**
 * Pulumi's mocks in place of an engine, and an inventory with the hosts that are named, by their addresses. Gives
 * the list in which registered resources appear.
 */
export async function mockEngine(
  addresses: Readonly<Record<string, string>>,
  { preview = false }: { readonly preview?: boolean } = {},
): Promise<Registered[]> {
  writeInventory(addresses);
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
    preview,
    "organization",
  );
  return registered;
}

/** Under which URN a state has a resource, and under which others an older one may have it. */
export interface Identity {
  readonly urn: string;
  readonly aliases: readonly string[];
}

interface Request {
  getAliasurnsList(): readonly string[];
}

type Callback = (error: unknown, response: { getUrn(): string } | null) => void;

interface Monitor {
  registerResource(request: Request, callback: Callback): Promise<void>;
}

/** Gives the list in which the identities of resources appear that are registered from now on. */
export function watchIdentities(): Identity[] {
  // Aliases as whole URNs are asked of us where the engine is too old to compute them.
  Object.assign(globalThis.globalStore, { supportsAliasSpecs: false });
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  const identities: Identity[] = [];
  monitor.registerResource = async (request, callback) =>
    register(request, (error, response) => {
      if (response) identities.push({ urn: response.getUrn(), aliases: request.getAliasurnsList() });
      callback(error, response);
    });
  return identities;
}

/** The type as a person knows it: "Guest". */
export function kindOf({ type }: Registered): string {
  return type.slice(type.lastIndexOf(":") + 1);
}
