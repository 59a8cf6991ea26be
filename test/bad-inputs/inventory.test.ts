import { describe, expect, it } from "vitest";
import { surroundings } from "../../provider/src/adapters/surroundings.ts";
import { lifecycleOf } from "../../provider/src/lifecycle/lifecycle.ts";
import { registry } from "../../provider/src/registry.ts";
import { InventoryError, loadInventory, parseInventory } from "../../provider/src/inventory/index.ts";
import { inventories, type InventoryRow } from "./table.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/** Every line of what is wrong with it. */
function problemsOf({ content, file = "inventory.yaml" }: InventoryRow): readonly string[] {
  try {
    if (content === undefined) loadInventory(file);
    else parseInventory(file, content.replaceAll("HOSTKEY", hostKey));
  } catch (error) {
    if (error instanceof InventoryError)
      return error.problems.map((problem) => problem.replace(`${process.cwd()}/`, ""));
    throw error;
  }
  return [];
}

describe("an inventory is refused, with file, line and column, for", () => {
  it.each(inventories.map((row) => [row.title, row] as const))("%s", (_, row) => {
    expect(problemsOf(row)).toEqual([row.says]);
    expect(row.says).not.toContain("my secret");
    expect(row.says).toMatch(row.content === undefined ? /^\S+: \S/ : /^inventory\.yaml:\d+:\d+: \S/);
  });

  it("the resources that name it, too", () => {
    const [resource] = registry.values();
    if (!resource) throw new Error("there are no resources");
    const inputs = { inventory: "no/such/inventory.yaml", owner: "o/p/s", host: "node1" };
    expect(lifecycleOf(resource, surroundings).check(inputs).problems).toEqual([
      {
        property: "inventory",
        reason: expect.stringContaining("no/such/inventory.yaml: the inventory does not exist") as string,
      },
    ]);
  });
});
