export { ScriptAborted } from "./errors.ts";
export { fingerprint, type HostKey } from "./host-key.ts";
export { inventorySchema } from "./inventory-fields.ts";
export type { Inventory, InventoryHost } from "./inventory-host.ts";
export { findHost, InventoryError, loadInventory, parseInventory } from "./inventory.ts";
export { type HostStatistics, SshPool } from "./pool.ts";
export type { PoolOptions } from "./pool-options.ts";
