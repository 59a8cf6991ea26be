import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../command.ts";
import { ToolFailed } from "../errors.ts";
import { say } from "../report.ts";
import { projectOf, stackFiles, type StackFiles } from "./file-backend.ts";
import { readLocks } from "./stale-lock.ts";
import { creates, takeOver, type Deployment, type Finding } from "./take-over.ts";

/** A command line of Pulumi that is about to be run. */
export interface Invocation {
  /** The path of the CLI. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const acting = new Set(["up", "update", "destroy", "refresh"]);

/**
 * Before a command that acts on a stack whose state is in a folder: where an earlier run of it was killed, removes that one's
 * lock and settles what it was at, so that the same command, or any other, goes on from there; says so in one sentence.
 */
export async function resumeInterrupted(invocation: Invocation): Promise<void> {
  if (!invocation.args.some((word) => acting.has(word))) return;
  const folder = resolve(invocation.cwd, option(invocation.args, ["--cwd", "-C"]) ?? ".");
  const project = projectOf(folder);
  if (project === undefined) return;
  const at = { ...invocation, cwd: folder };
  const stack = option(invocation.args, ["--stack", "-s"]) ?? (await selectedStack(at));
  if (stack === undefined) return;
  const name = stack.slice(stack.lastIndexOf("/") + 1);
  const files = stackFiles(invocation.env, { project, stack: name });
  if (files !== undefined) await resumeStack(at, name, files);
}

async function resumeStack(at: Invocation, stack: string, files: StackFiles): Promise<void> {
  const { stale, held } = readLocks(files.locks);
  if (held) return; // Pulumi says by whom
  await Promise.all(stale.map(async ({ file }) => rm(file, { force: true })));
  const { settled, open } = hasPending(files.state) ? await settle(at, stack) : nothing;
  if (stale.length + settled.length + open.length === 0) return;
  const lock =
    stale.length === 0 ? "" : `; removed the lock of process ${stale.map(({ pid }) => pid).join(", ")}`;
  const from = settled.length === 0 ? "" : `; going on from ${settled.join(", ")}`;
  say(`An earlier run on stack ${stack} was killed${lock}${from}. There is nothing else to type.`);
  for (const problem of open) say(`This stays open until its host can be asked: ${problem}`);
}

interface Settled {
  readonly settled: readonly string[];
  /** Why something could not be settled. */
  readonly open: readonly string[];
}

const nothing: Settled = { settled: [], open: [] };

async function settle(at: Invocation, stack: string): Promise<Settled> {
  const scratch = await mkdtemp(join(tmpdir(), "torocloud-resume-"));
  const pulumi = async (...words: readonly string[]): Promise<string> =>
    run({ argv: [at.command, ...words, "--stack", stack, "--non-interactive"], cwd: at.cwd, env: at.env });
  try {
    const exported = JSON.parse(await pulumi("stack", "export")) as { readonly deployment: Deployment };
    const findings = await askHosts(at, exported.deployment, scratch);
    const { deployment, settled } = takeOver(exported.deployment, findings);
    const file = join(scratch, "state.json");
    await writeFile(file, JSON.stringify({ ...exported, deployment }), { mode: 0o600 });
    if (settled.length > 0) await pulumi("stack", "import", "--file", file);
    return { settled, open: findings.flatMap((one) => ("error" in one ? [one.error] : [])) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function askHosts(
  at: Invocation,
  deployment: Deployment,
  scratch: string,
): Promise<readonly Finding[]> {
  const resources = creates(deployment);
  if (resources.length === 0) return [];
  const file = join(scratch, "resources.json");
  await writeFile(file, JSON.stringify(resources), { mode: 0o600 });
  const program = fileURLToPath(new URL("../../dist/interrupted/look.js", import.meta.url));
  const answer = await run({ argv: [process.execPath, program, file], cwd: at.cwd, env: at.env });
  return JSON.parse(answer) as readonly Finding[];
}

/** Read from the file itself: most of the time there is nothing, and asking Pulumi would take half a second. */
function hasPending(file: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8").includes('"pending_operations"');
}

async function selectedStack({ command, cwd, env }: Invocation): Promise<string | undefined> {
  try {
    return (await run({ argv: [command, "stack", "--show-name", "--non-interactive"], cwd, env })).trim();
  } catch (error) {
    if (error instanceof ToolFailed) return undefined; // Pulumi asks, or says what is missing
    throw error;
  }
}

/** The value of an option, in whichever way it is written. */
function option(args: readonly string[], names: readonly string[]): string | undefined {
  const written = args.findLast((word) => names.some((name) => word === name || word.startsWith(`${name}=`)));
  if (written === undefined) return undefined;
  return written.includes("=")
    ? written.slice(written.indexOf("=") + 1)
    : args[args.lastIndexOf(written) + 1];
}
