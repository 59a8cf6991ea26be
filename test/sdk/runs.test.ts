import { rmSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Cloud, microvm } from "@torocloud/sdk";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { mockEngine, writeInventory, type Registered } from "./mocked-engine.ts";

const hosts = {
  node1: "192.0.2.11",
  node2: "192.0.2.12",
  node3: "192.0.2.13",
  host1: "192.0.2.21",
};
const nodes = ["node1", "node2", "node3"];

/** What is handed to the Automation API as an inline program. */
async function program(): Promise<{ urls: unknown }> {
  const { urls } = new Cloud("cloud", {
    ceph: { nodes },
    clients: { hosts: ["host1"] },
    services: { web: { image: { kernel: "vmlinux" }, port: 8080 } },
  });
  await Promise.resolve();
  return { urls };
}

const share = {
  hosts: ["host1"],
  name: "web",
  storage: "/srv/torocloud",
  source: "/srv/torocloud/shares/web",
};

let registered: Registered[];
beforeEach(async () => {
  registered = await mockEngine(hosts);
});
afterEach(async () => {
  await pulumi.runtime.disconnect();
  vi.restoreAllMocks();
});

/** As Pulumi runs a program: until all of it is registered. */
async function run(inline: () => Promise<unknown>): Promise<unknown> {
  const outputs: unknown = await pulumi.runtime.runInPulumiStack(inline);
  await pulumi.runtime.disconnect();
  return outputs;
}

describe("a process in which programs run more than once", () => {
  it("runs one again, as a preview and the change after it do", async () => {
    await run(program);
    const first = registered.length;
    expect(await run(program)).toEqual({ urls: { web: ["http://192.0.2.21:8080/"] } });
    expect(registered.length).toBe(2 * first);
  });

  it("runs one again behind another engine", async () => {
    await program();
    await pulumi.runtime.disconnect();
    await mockEngine(hosts);
    await expect(program()).resolves.toBeDefined();
  });

  it("runs two stacks side by side, each with its own declarations", async () => {
    const { withLocalStorage } = (await import("@pulumi/pulumi/runtime/state.js")) as unknown as {
      withLocalStorage: <Value>(run: () => Promise<Value>) => Promise<Value>;
    };
    const meeting = twoMeet();
    const stack = async (): Promise<number> =>
      withLocalStorage(async () => {
        const mine = await mockEngine(hosts);
        await run(async () => {
          await meeting();
          new microvm.Share("one", share);
          await meeting();
          expect(() => new microvm.Share("two", share)).toThrow("two and one are both share/web");
        });
        return mine.length;
      });
    const [one, two] = await Promise.all([stack(), stack()]);
    expect(one).toBeGreaterThan(0);
    expect(one).toBe(two);
  });

  it("refuses in each run what is declared twice in it", async () => {
    const twice = async (): Promise<void> => {
      await Promise.resolve();
      new microvm.Share("first", share);
      expect(() => new microvm.Share("second", share)).toThrow("second and first are both share/web");
    };
    await run(twice);
    await run(twice);
  });
});

/** Lets two go on only together. */
function twoMeet(): () => Promise<void> {
  let waiting: (() => void) | undefined;
  return async () =>
    new Promise((resolve) => {
      if (!waiting) waiting = resolve;
      else {
        waiting();
        waiting = undefined;
        resolve();
      }
    });
}

describe("a preview without credentials", () => {
  it("is told once what is missing, and goes on", async () => {
    const inventory = writeInventory(hosts, { privateKeyFile: "/nowhere/id_ed25519" });
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    await program();
    expect(warn.mock.calls).toEqual([
      [
        `${inventory}: hosts.node1: /nowhere/id_ed25519 does not exist; a preview does without, a change does not`,
      ],
    ]);
    rmSync(inventory);
  });

  it("is told of an agent that does not run", async () => {
    writeInventory(hosts, { agent: "/nowhere/agent.sock" });
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    await program();
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]?.[0])).toContain(
      "the agent's socket /nowhere/agent.sock does not exist",
    );
  });
});
