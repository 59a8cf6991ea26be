import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import ts from "typescript";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { dynamicProvider } from "../../../provider/src/adapters/dynamic.ts";
import { registry } from "../../../provider/src/registry.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // Pulumi loads a whole compiler for this

const types = ["torocloud:microvm:Guest", "torocloud:microvm:Share"];

/** What Pulumi makes of it, in a process of its own: vitest rewrites `import()`, which is what matters here. */
function serialized(): { text: string; containsSecrets: boolean }[] {
  const source = readFileSync(new URL("../../../provider/src/adapters/dynamic.ts", import.meta.url), "utf8");
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.ES2022,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
    },
  });
  const program = `import { serializeFunction } from "@pulumi/pulumi/runtime/index.js";
${outputText}
const all = [];
for (const type of ${JSON.stringify(types)}) {
  const provider = dynamicProvider(type);
  const { text, containsSecrets } = await serializeFunction(() => provider, { allowSecrets: true });
  all.push({ text, containsSecrets });
}
process.stdout.write(JSON.stringify(all));`;
  const root = new URL("../../..", import.meta.url);
  const argv = ["--input-type=module", "--eval", program];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { cwd: root, encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as { text: string; containsSecrets: boolean }[];
}

describe("the provider that Pulumi writes into the state of every resource", () => {
  let guest = "";
  let share = "";
  let secrets: boolean[];
  beforeAll(() => {
    const all = serialized();
    [guest = "", share = ""] = all.map(({ text }) => text);
    secrets = all.map(({ containsSecrets }) => containsSecrets);
  });

  it("is small and captures nothing but its type", () => {
    expect(guest).toContain("torocloud:microvm:Guest");
    expect(guest).toContain("@torocloud/provider");
    expect(guest.length).toBeLessThan(3 * 1024);
    expect(guest).not.toMatch(/ssh2|zod|require\(|node:/);
    expect(secrets).toEqual([false, false]);
  });

  it("names no place of the machine that it was written on", () => {
    const absolute = /(?<![\w/.*@])\/[\w.-]+\/[\w.-]+/;
    expect("at /home/someone/x.js").toMatch(absolute);
    expect(guest).not.toMatch(absolute);
    expect(guest).not.toContain("file:");
    expect(guest).not.toContain(process.cwd());
  });

  it("differs between resource types by the type alone", () => {
    expect(share).not.toBe(guest);
    expect(guest.replaceAll("microvm:Guest", "microvm:Share")).toBe(share);
  });
});

it("has every verb that Pulumi may ask for, for every resource type", () => {
  for (const type of registry.keys()) {
    expect(Object.keys(dynamicProvider(type)).sort()).toEqual([
      "check",
      "create",
      "delete",
      "diff",
      "read",
      "update",
    ]);
  }
});
