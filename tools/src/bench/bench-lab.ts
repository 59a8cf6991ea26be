import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianPackages } from "../debian-packages.ts";
import { down } from "../down.ts";
import { ToolError } from "../errors.ts";
import { checkoutFolder } from "../folders.ts";
import { prepareLabStack, type LabStack } from "../lab-stack.ts";
import { say } from "../report.ts";

/** The lab that benchmarks make and take away; nobody else's. */
export const benchLab = "bench";

/** A host of the lab. */
export interface BenchHost {
  readonly name: string;
  readonly address: string;
}

/** The lab with fresh hosts and nothing on them, and how long they took to make. */
export interface FreshLab {
  readonly stack: LabStack;
  readonly nodes: readonly BenchHost[];
  /** Those that run guests. */
  readonly clients: readonly BenchHost[];
  readonly seconds: number;
}

/** Takes away whatever the lab is, and the stack on it. */
export async function removeLab(): Promise<void> {
  await down(["--name", benchLab]);
}

/** Makes the lab anew. What is built once and kept in the cache is there afterwards. */
export async function freshLab(): Promise<FreshLab> {
  await removeLab();
  const { labStatus, labUp } = await import("@torocloud/lab");
  const began = performance.now();
  await labUp({
    name: benchLab,
    log: () => undefined,
    ensurePackages: async (names) => ensureDebianPackages(names),
  });
  const seconds = (performance.now() - began) / 1000;
  const stack = await prepareLabStack(benchLab);
  const hosts = await labStatus({ name: benchLab });
  const part = (prefix: string): BenchHost[] =>
    hosts.filter(({ name }) => name.startsWith(prefix)).map(({ name, address }) => ({ name, address }));
  return { stack, nodes: part("node"), clients: part("host"), seconds };
}

/** Runs a line of shell on a host of the lab and returns its standard output. Throws ToolError. */
export async function onHost(host: string, script: string): Promise<string> {
  const { labExec } = await import("@torocloud/lab");
  const { exitCode, stdout, stderr } = await labExec({
    name: benchLab,
    host,
    command: ["sh -s"],
    stdin: script,
  });
  if (exitCode !== 0) throw new ToolError(`${host} of lab ${benchLab}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

/** Throws ToolError unless every guest serves the example's page and Ceph is not in error; says what Ceph says. */
export async function verifyCloud({ nodes, clients }: FreshLab): Promise<void> {
  const page = await readFile(join(checkoutFolder, "examples", "cloud", "site", "index.html"), "utf8");
  for (const { name, address } of clients) {
    const answer = await fetch(`http://${address}:8080/`, { signal: AbortSignal.timeout(30_000) });
    if ((await answer.text()) !== page) {
      throw new ToolError(
        `${name} of lab ${benchLab} serves something else than the example's page (${answer.status})`,
      );
    }
  }
  const health = (await onHost(nodes[0]?.name ?? "", "timeout 60 ceph health")).trim();
  if (!/^HEALTH_(OK|WARN)/.test(health)) throw new ToolError(`Ceph of lab ${benchLab} says: ${health}`);
  say(`Every host serves the page, and Ceph says ${health}`);
}
