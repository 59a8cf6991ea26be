export { inventorySchema } from "./fields.ts";
export type { Inventory, InventoryHost } from "./host.ts";
export { findHost, InventoryError, loadInventory, parseInventory } from "./inventory.ts";
