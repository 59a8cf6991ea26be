import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { labDown } from "./down.ts";
import { isMissing, LabError } from "./errors.ts";
import { checkLabName, inventoryFile } from "./names.ts";
import type { EnsurePackages } from "./packages.ts";
import { renderTable, terminal, type Reporter } from "./reporter.ts";
import { labSsh } from "./ssh.ts";
import { labList, labStatus } from "./status.ts";
import { labUp } from "./up.ts";

const usage = `usage: npm run lab -- COMMAND [--name NAME] [...]

  up [--hosts NAME,NAME...]   bring a lab up, or repair it (default hosts: node1 node2 node3 host1 host2)
  down                        remove a lab and all that belongs to it
  list                        the labs of this machine
  status                      the hosts of a lab
  ssh HOST [-- COMMAND...]    run a command, or a shell, on a host
  inventory                   print a lab's inventory

The lab's name is "default" unless --name says otherwise.`;

/** What the command line may be given from outside. */
export interface MainOptions {
  readonly reporter?: Reporter;
  readonly ensurePackages?: EnsurePackages;
}

interface Call {
  readonly name: string;
  readonly hosts: readonly string[] | undefined;
  readonly operands: readonly string[];
  readonly command: readonly string[];
  readonly reporter: Reporter;
  readonly options: MainOptions;
}

async function up({ name, hosts, reporter, options }: Call): Promise<number> {
  const began = performance.now();
  const { ensurePackages } = options;
  const lab = await labUp({
    ...{ name, log: reporter.progress },
    ...(hosts && { hosts }),
    ...(ensurePackages && { ensurePackages }),
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  reporter.result(`lab ${name} is up after ${seconds} s: ${lab.hosts.length} hosts in ${lab.subnet}`);
  reporter.result(`inventory: ${lab.inventoryFile}`);
  return 0;
}

async function down({ name, reporter }: Call): Promise<number> {
  await labDown({ name, log: reporter.progress });
  reporter.result(`lab ${name} is down`);
  return 0;
}

async function list({ reporter }: Call): Promise<number> {
  const rows = (await labList()).map((lab) => [
    ...[lab.name, lab.kind, lab.subnet],
    `${lab.running} of ${lab.hosts} hosts running`,
  ]);
  reporter.result(rows.length > 0 ? renderTable(rows) : "no labs");
  return 0;
}

async function status({ name, reporter }: Call): Promise<number> {
  const hosts = await labStatus({ name });
  const rows = hosts.map((host) => [
    ...[host.name, host.address, host.state],
    host.uptimeSeconds === undefined ? "-" : `${host.uptimeSeconds} s`,
    host.ssh ? "ssh ok" : "no ssh",
  ]);
  reporter.result(renderTable([["HOST", "ADDRESS", "STATE", "UP", "SSH"], ...rows]));
  return hosts.every((host) => host.ssh) ? 0 : 1;
}

async function ssh({ name, operands, command }: Call): Promise<number> {
  const [host, ...rest] = operands;
  if (host === undefined) throw new LabError(`ssh needs the name of a host: npm run lab -- ssh node1`);
  return labSsh({ name, host, command: [...rest, ...command] });
}

async function inventory({ name, reporter }: Call): Promise<number> {
  const path = inventoryFile(checkLabName(name));
  try {
    reporter.result((await readFile(path, "utf8")).trimEnd());
    return 0;
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new LabError(`lab ${name} has no ${path}: bring it up with "npm run lab -- up --name ${name}"`);
  }
}

const commands: Readonly<Record<string, ((call: Call) => Promise<number>) | undefined>> = {
  ...{ up, down, list, status, ssh, inventory },
};

function parse(argv: readonly string[], options: MainOptions): Call & { verb: string; help: boolean } {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const { values, positionals } = parseArgs({
    args: [...own],
    allowPositionals: true,
    options: {
      name: { type: "string", default: "default" },
      hosts: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [verb = "", ...operands] = positionals;
  return {
    ...{ verb, operands, options, name: values.name, help: values.help },
    hosts: values.hosts?.split(",").filter((host) => host !== ""),
    command: end === -1 ? [] : argv.slice(end + 1),
    reporter: options.reporter ?? terminal,
  };
}

function explain(error: unknown, reporter: Reporter): number {
  if (error instanceof LabError) {
    reporter.progress(error.message);
    return 1;
  }
  const misspelt = error instanceof TypeError && "code" in error; // from parseArgs
  if (!misspelt) throw error;
  reporter.progress(`${error.message}\n\n${usage}`);
  return 2;
}

/** Does what a command line says and returns the exit code: 1 for a failure, 2 for a line that makes no sense. */
export async function main(argv: readonly string[], options: MainOptions = {}): Promise<number> {
  const reporter = options.reporter ?? terminal;
  try {
    const call = parse(argv, options);
    const command = commands[call.verb];
    if (call.help || command === undefined) {
      reporter.progress(usage);
      return call.help ? 0 : 2;
    }
    return await command(call);
  } catch (error) {
    return explain(error, reporter);
  }
}
