import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { pauseHost, resumeHost } from "../../../lab/src/index.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { fetchPage, waitForPage } from "../support/web.ts";
import { addressOf, type Workspace } from "../support/workspace.ts";

/** The lab's inventory, with another host's key for host1. */
async function wrongInventory({ inventoryFile, folder }: Workspace): Promise<string> {
  const inventory = parse(await readFile(inventoryFile, "utf8")) as {
    hosts: Record<string, { hostKey: string }>;
  };
  const { host1, host2 } = inventory.hosts;
  if (host1 === undefined || host2 === undefined) throw new Error("the lab has no host1, or no host2");
  host1.hostKey = host2.hostKey;
  const file = join(folder, "wrong-inventory.yaml");
  await writeFile(file, stringify(inventory));
  return file;
}

/** Step 7. */
export function unreachable(suite: Suite): void {
  const urns = async (): Promise<readonly string[]> =>
    (await suite.cloud.resources()).map(({ urn }) => urn).sort();
  const url = (host: string): string => `http://${addressOf(suite.workspace, host)}:8090/`;

  chapter("A refresh", suite, () => {
    afterAll(async () => {
      if (suite.up) await resumeHost(suite.workspace.lab, "host2");
    });

    it("of a host with another key than the pinned one fails, says which, and forgets nothing", async () => {
      const before = await urns();
      expect(before.length).toBeGreaterThan(43);
      const env = { TOROCLOUD_INVENTORY: await wrongInventory(suite.workspace) };
      const { exitCode, output } = await suite.cloud.run("refresh", { env });
      expect(exitCode).not.toBe(0);
      expect(output).toMatch(
        /host1: the host key is ssh-ed25519 SHA256:\S+, the inventory pins ssh-ed25519 SHA256:/,
      );
      expect(output).toContain("wrong-inventory.yaml"); // where to repair it
      expect(output).not.toMatch(/host2: the host key/);
      expect(await urns()).toEqual(before);
    });

    it("of a host that does not answer fails, says which, and forgets nothing", async () => {
      const before = await urns();
      await pauseHost(suite.workspace.lab, "host2");
      await expect(fetchPage(url("host2"))).rejects.toThrow(); // it does hang
      const { exitCode, output } = await suite.cloud.run("refresh");
      expect(exitCode).not.toBe(0);
      expect(output).toMatch(/host2: .*port 22 does not answer in time; is the host up/);
      expect(output).not.toMatch(/(host1|node\d): .*does not answer/);
      expect(await fetchPage(url("host1"))).toContain("Another edition");
      expect(await urns()).toEqual(before);
    });

    it("finds all as it was when the host goes on", async () => {
      await resumeHost(suite.workspace.lab, "host2");
      await waitForPage(url("host2"), "Another edition", 60);
      await suite.cloud.must("refresh", { args: ["--expect-no-changes"] });
      await suite.cloud.must("up", { args: ["--expect-no-changes", "--skip-preview"] });
    });
  });
}
