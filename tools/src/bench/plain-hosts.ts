import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianPackages } from "../debian-packages.ts";
import { ToolError } from "../errors.ts";
import { checkoutFolder } from "../folders.ts";
import { step } from "../report.ts";
import { benchLab, removeLab } from "./bench-lab.ts";

const names = ["host1", "host2"];

/** Two hosts without Ceph, on which what is declared costs nothing while it runs (bench/prepare-host.sh). */
export interface PlainHosts {
  readonly names: readonly string[];
  readonly inventoryFile: string;
  /** Runs a script of the folder bench on a host, with arguments, over one connection of OpenSSH's client; gives its output. Throws ToolError. */
  readonly script: (host: string, file: string, ...args: readonly string[]) => Promise<string>;
}

/** Makes the hosts anew, in place of whatever the lab was. */
export async function plainHosts(): Promise<PlainHosts> {
  await removeLab();
  const { labUp } = await import("@torocloud/lab");
  return step("Making two plain hosts", async () => {
    const { inventoryFile, sshConfigFile } = await labUp({
      name: benchLab,
      hosts: names,
      log: () => undefined,
      ensurePackages: async (packages) => ensureDebianPackages(packages),
    });
    const script: PlainHosts["script"] = async (host, file, ...args) => {
      const text = await readFile(join(checkoutFolder, "bench", file), "utf8");
      return ssh(["-F", sshConfigFile, host, "sh", "-s", "--", ...args], text);
    };
    await Promise.all(names.map(async (host) => script(host, "prepare-host.sh")));
    return { names, inventoryFile, script };
  });
}

async function ssh(args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
    const [stdout, stderr]: [string[], string[]] = [[], []];
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(stdout.join(""));
      else
        reject(new ToolError(`ssh ${args.join(" ")} ended with exit code ${code ?? -1}: ${stderr.join("")}`));
    });
    child.stdin.on("error", () => undefined).end(input);
  });
}
