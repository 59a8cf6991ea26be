import * as pulumi from "@pulumi/pulumi";
import { host, microvm } from "@torocloud/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dynamicLifecycle } from "../../provider/src/index.ts";
import { mockEngine, type Registered } from "./mocked-engine.ts";

let registered: Registered[];
beforeEach(async () => {
  registered = await mockEngine({ host1: "192.0.2.21", host2: "192.0.2.22" });
});
afterEach(async () => {
  await pulumi.runtime.disconnect();
});

const common = { name: "web", kernel: "/k", accel: "tcg", vsock: "user" } as const;
const guest = { ...common, memoryMiB: 4096, mountUnit: "cloud.service" };

async function inputsOf(name: string): Promise<Record<string, unknown>> {
  await pulumi.runtime.disconnect();
  return registered.find((one) => one.name === name)?.inputs as Record<string, unknown>;
}

describe("what a machine was found to be", () => {
  it("reaches the rules of what is declared on it", async () => {
    const machine = new host.Host("machine", { host: "host1" });
    const facts = { address: "192.0.2.21", debian: "13.1", kernel: "6.12.48", cpus: 2, memoryMiB: 2000 };
    for (const [field, value] of Object.entries({ ...facts, cephClient: "kernel", vsock: "kernel" }))
      Object.assign(machine, { [field]: pulumi.output(value) });
    new microvm.Guest("guest", { ...guest, host: "host1" });
    const inputs = await inputsOf("guest");
    expect(inputs["facts"]).toMatchObject({ cpus: 2, memoryMiB: 2000 });

    const check = await dynamicLifecycle("torocloud:microvm:Guest").check({}, inputs);
    expect(check.failures).toEqual([
      { property: "memoryMiB", reason: "memoryMiB is 4096; expected less than the 2000 MiB that host1 has" },
    ]);
    const smaller = await dynamicLifecycle("torocloud:microvm:Guest").check({}, { ...inputs, memoryMiB: 64 });
    expect(smaller.failures).toEqual([]);
    expect(smaller.inputs).not.toHaveProperty("facts");
  });

  it("is asked of no other machine, nor for what has no such rules", async () => {
    new host.Host("machine", { host: "host1" });
    new microvm.Guest("guest", { ...guest, host: "host2" });
    new host.Packages("packages", { host: "host1", name: "editor", packages: ["vim"] });
    expect(await inputsOf("guest")).not.toHaveProperty("facts");
    expect(await inputsOf("packages")).not.toHaveProperty("facts");
  });
});
