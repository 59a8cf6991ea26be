import type { Host } from "../host-program/host.ts";
import type { Hosts } from "../lifecycle/define-resource.ts";
import type { Surroundings } from "../lifecycle/surroundings.ts";
import { projectPath } from "../project/project-path.ts";
import { loadInventory, type Inventory } from "../inventory/index.ts";
import { SshPool } from "../ssh/index.ts";
import { onCancel } from "./cancellation.ts";

/** Connections outlive the pauses of a deployment; the engine ends the process when all is done. */
const idleSeconds = 300;

const fleets = new Map<string, Hosts>();
const pools = new Set<SshPool>();

/** For a process of its own: what is connected keeps it from ending. */
export async function closeConnections(): Promise<void> {
  await Promise.all([...pools].map(async (pool) => pool.close()));
  pools.clear();
  fleets.clear();
}

/** One pool of connections for each inventory and process; TOROCLOUD_INVENTORY names another file for all of them. */
function hosts(inventory: string): Hosts {
  const path = inventoryFile(inventory);
  const known = fleets.get(path);
  if (known) return known;
  const pool = new SshPool(() => loadInventory(path), { idleSeconds, log });
  pools.add(pool);
  onCancel(() => {
    pool.interrupt("the run was cancelled; run the same command again to go on from what is there");
  });
  const byName = new Map<string, Host>();
  const fleet: Hosts = (name) => {
    const host = byName.get(name) ?? pool.host(name);
    byName.set(name, host);
    return host;
  };
  fleets.set(path, fleet);
  return fleet;
}

function inventoryFile(inventory: string): string {
  return projectPath(process.env["TOROCLOUD_INVENTORY"] ?? inventory);
}

/** The inventory as a program names it. Throws an InventoryError that says what is wrong and where. */
export function inventoryOf(inventory: string): Inventory {
  return loadInventory(inventoryFile(inventory));
}

/** SSH, the inventory file, and the engine's log: what a provider process runs in. */
export const surroundings: Surroundings = {
  hosts,
  hostNames: (inventory) => [...inventoryOf(inventory).hosts.keys()],
  log,
};

/** The engine shows what a provider writes to its standard output. */
function log(line: string): void {
  process.stdout.write(`${line}\n`);
}
