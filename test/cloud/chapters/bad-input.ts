import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStack, ownProject, type Outcome, type Stack } from "../support/stack.ts";
import type { Suite } from "../support/suite.ts";
import type { Workspace } from "../support/workspace.ts";

/** A mistake of programs/bad-input or of an inventory, and what the preview must say: resource or file, field, value. */
interface Mistake {
  readonly title: string;
  readonly mistake: string;
  /** How the inventory is spoilt. */
  readonly spoil?: (inventory: string) => string;
  readonly says: readonly (string | RegExp)[];
}

const mistakes: readonly Mistake[] = [
  {
    title: "a host that is not in the inventory",
    mistake: "host",
    says: [
      "machine",
      /host is "node9"; expected a host of \S+inventory\.yaml: node1, node2, node3, host1, host2/,
    ],
  },
  {
    title: "two guests with one name",
    mistake: "guests",
    says: ["other and one are both host1/guest/web; give one of them another name, port or host"],
  },
  {
    title: "two forwards on one port of a host",
    mistake: "forwards",
    says: ["other and one are both host1/port-forward/8080; give one of them another name, port or host"],
  },
  {
    title: "an even number of monitors",
    mistake: "monitors",
    says: ["ceph", "monitors has 2 entries; expected an odd number of monitors, three or more"],
  },
  {
    title: "a port that there is not",
    mistake: "port",
    says: ["forward", "listenPort is 70000; expected a port, 1 to 65535"],
  },
  {
    title: "an image file that is missing",
    mistake: "missing",
    says: ["image", 'kernel is "no/such/vmlinux", which does not exist; expected a file to upload'],
  },
  {
    title: "an image that is no program",
    mistake: "text",
    says: ["image", /kernel is "\S+\/text\.bin", which is neither an x86-64 ELF nor a bzImage/],
  },
  {
    title: "an inventory with a misspelt field",
    mistake: "none",
    spoil: (inventory) => inventory.replace("address:", "adress:"),
    says: [/inventory-\d+\.yaml:3:5: .*adress.*address/],
  },
  {
    title: "an inventory that is no YAML",
    mistake: "none",
    spoil: (inventory) => inventory.replace("  node2:", "  node2: ]"),
    says: [/inventory-\d+\.yaml:8:\d+: /],
  },
];

/** No mistake to a preview, which reaches no host. */
const withoutKey: Mistake = {
  title: "a key file that is missing",
  mistake: "none",
  spoil: (inventory) => inventory.replace(/privateKeyFile: .*/, "privateKeyFile: /no/such/key"),
  says: [/\.yaml: hosts\.node1: \/no\/such\/key does not exist; a preview does without, a change does not/],
};

/** Step 6. */
export function badInput(suite: Suite): void {
  describe("A preview of a mistake", () => {
    let stack: Stack;
    const outcomes = new Map<Mistake | undefined, Outcome>();

    async function previewOf(mistake: Mistake | undefined): Promise<Outcome> {
      const { workspace } = suite;
      const file = await spoiltInventory(workspace, mistake);
      const env = file === undefined ? {} : { TOROCLOUD_INVENTORY: file };
      const args = ["--config-file", await configFile(workspace, mistake?.mistake ?? "none")];
      return stack.run("preview", { args, env });
    }

    beforeAll(async () => {
      stack = await openStack(suite.workspace, ownProject("bad-input"), `bad-${suite.workspace.lab}`);
      await writeFile(join(suite.workspace.folder, "text.bin"), "no program\n".repeat(100));
      const waiting: (Mistake | undefined)[] = [undefined, withoutKey, ...mistakes];
      const work = async (): Promise<void> => {
        while (waiting.length > 0) {
          const mistake = waiting.shift();
          outcomes.set(mistake, await previewOf(mistake));
        }
      };
      await Promise.all([work(), work(), work()]);
    });

    afterAll(async () => {
      await stack.remove();
    });

    it("would succeed without one", () => {
      expect(outcomes.get(undefined)).toMatchObject({ exitCode: 0 });
    });

    it(`goes on without ${withoutKey.title}, and says so`, () => {
      const { exitCode, output = "", trace } = outcomes.get(withoutKey) ?? {};
      expect(exitCode).toBe(0);
      for (const said of withoutKey.says) expect(output).toMatch(said);
      expect(trace).toEqual({ dials: {}, requests: 0 });
    });

    for (const mistake of mistakes) {
      it(`names ${mistake.title}`, () => {
        const { exitCode = 0, output = "", trace } = outcomes.get(mistake) ?? {};
        expect(exitCode).not.toBe(0);
        const text = output.slice(output.indexOf("Diagnostics:"));
        for (const said of mistake.says) expect(text).toMatch(said);
        expect(text).not.toMatch(/^\s+at /m); // a sentence, not a stack
        expect(trace).toEqual({ dials: {}, requests: 0 });
      });
    }
  });
}

async function configFile({ folder, inventoryFile }: Workspace, mistake: string): Promise<string> {
  const file = join(folder, `bad-input-${mistake}.yaml`);
  const config = {
    "torocloud:inventory": inventoryFile,
    "torocloud-bad-input:mistake": mistake,
    "torocloud-bad-input:kernel": join(folder, "text.bin"),
  };
  await writeFile(file, JSON.stringify({ config }));
  return file;
}

async function spoiltInventory(
  { folder, inventoryFile }: Workspace,
  mistake: Mistake | undefined,
): Promise<string | undefined> {
  if (mistake?.spoil === undefined) return undefined;
  const file = join(folder, `inventory-${mistakes.indexOf(mistake)}.yaml`);
  await writeFile(file, mistake.spoil(await readFile(inventoryFile, "utf8")));
  return file;
}
