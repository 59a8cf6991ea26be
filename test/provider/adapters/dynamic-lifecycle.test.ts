import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dynamicLifecycle, identify } from "../../../provider/src/adapters/dynamic-lifecycle.ts";
import { registry } from "../../../provider/src/registry.ts";
import { examples, removeFixtures } from "../examples.ts";

const folder = mkdtempSync(join(tmpdir(), "torocloud-adapter-"));
const inventory = join(folder, "hosts.yaml");
writeFileSync(inventory, "hosts:\n  node1: { address: 192.0.2.1, hostKey: SHA256:abc }\n");
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  removeFixtures();
});

describe("the lifecycle in the words of Pulumi's dynamic provider", () => {
  it("does not take the provider's own source for an input, and says what is wrong with the field in front", async () => {
    const lifecycle = dynamicLifecycle("torocloud:microvm:PortForward");
    const news = {
      ...examples["torocloud:microvm:PortForward"].inputs,
      inventory,
      listenPort: 70_000,
      __provider: "source",
    };
    const { failures } = await lifecycle.check({}, news);
    expect(failures).toEqual([
      { property: "listenPort", reason: "listenPort is 70000; expected a port, 1 to 65535" },
    ]);
  });

  it("hands over values that JSON has, and nothing else", async () => {
    const lifecycle = dynamicLifecycle("torocloud:ceph:Cluster");
    const checked = await lifecycle.check(
      {},
      { ...examples["torocloud:ceph:Cluster"].inputs, fsid: undefined, inventory: "none.yaml" },
    );
    expect(JSON.parse(JSON.stringify(checked))).toStrictEqual(checked);
  });

  it("says which type it does not know", () => {
    expect(() => dynamicLifecycle("torocloud:microvm:Spaceship")).toThrow("torocloud:microvm:Spaceship");
  });

  it("does not compare the provider's source", async () => {
    const lifecycle = dynamicLifecycle("torocloud:host:Packages");
    const inputs = { ...examples["torocloud:host:Packages"].inputs, onDelete: "keepData" };
    const diff = await lifecycle.diff(
      "id",
      { ...inputs, __provider: "old" },
      { ...inputs, __provider: "new" },
    );
    expect(diff).toEqual({ changes: false, replaces: [], deleteBeforeReplace: false });
  });
});

describe("identify", () => {
  it.each([...registry.keys()])("tells the id of %s from inputs that are all known", (type) => {
    const { inputs, changes } = examples[type as keyof typeof examples];
    const known = identify(type, { ...changes, ...inputs });
    const { place = "", id, claims = [] } = known ?? {};
    expect(place).toMatch(/^(node1\/)?[a-z-]+\/[a-z0-9-]+$/);
    expect([place, place.replace("node1/", "")]).toContain(id);
    expect(claims).toEqual([place.startsWith("node1/") ? place : `node1/${place}`]);
  });

  it("tells nothing where the name is derived from what is not there", () => {
    expect(identify("torocloud:microvm:Image", { hosts: ["node1"], name: "x" })).toBeUndefined();
  });
});
