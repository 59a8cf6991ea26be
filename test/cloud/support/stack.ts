import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { checkoutFolder } from "../../../tools/src/index.ts";
import { readPhase, type Phase } from "./events.ts";
import { readTrace, type Trace } from "./trace.ts";
import type { Settings, Workspace } from "./workspace.ts";

/** How a run of Pulumi ended, and what it did. */
export interface Outcome {
  readonly phase: Phase;
  readonly exitCode: number;
  /** All that a person would have seen. */
  readonly output: string;
  readonly stdout: string;
  readonly trace: Trace;
  /** Every event, as text: what is not in there was not told to anybody. */
  readonly eventLog: string;
}

/** A run that goes on. */
export interface Run {
  readonly outcome: Promise<Outcome>;
  /** What it printed so far. */
  output(): string;
  /** The signal that a terminal's Ctrl-C sends, to Pulumi and all that it started. */
  interrupt(): void;
}

/** How a run differs from the plain command. */
export interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** One resource of a deployment's state. */
export interface StateResource {
  readonly urn: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

type Command = "preview" | "up" | "refresh" | "destroy";

/** A stack of the suite's own backend. */
export interface Stack {
  readonly name: string;
  /** Writes all of the stack's configuration. */
  configure(settings: Settings): Promise<void>;
  start(command: Command, options?: RunOptions): Run;
  run(command: Command, options?: RunOptions): Promise<Outcome>;
  /** Like `run`, but throws with all that Pulumi said when it fails. */
  must(command: Command, options?: RunOptions): Promise<Outcome>;
  /** The whole state, as JSON. */
  exported(): Promise<string>;
  resources(): Promise<readonly StateResource[]>;
  output(name: string): Promise<unknown>;
  /** Forgets it, whatever it has. */
  remove(): Promise<void>;
}

const withinSeconds = 600;
const running = new Set<number>();

/** Ends what a test that failed left running. */
export function endRuns(): void {
  for (const pid of running) process.kill(-pid, "SIGKILL");
}

/** The folder of the example cloud's Pulumi.yaml. */
export const exampleProject: string = checkoutFolder;

/** The folder of one of the suite's own programs. */
export function ownProject(name: string): string {
  return join(checkoutFolder, "test", "cloud", "programs", name);
}

/** Makes a stack of a project, or finds it again. */
export async function openStack(workspace: Workspace, project: string, name: string): Promise<Stack> {
  const configFile = join(project, `Pulumi.${name}.yaml`);
  const start = (command: string, { args = [], env = {} }: RunOptions = {}): Run =>
    launch([command, ...args, "--stack", name, "--cwd", project, "--non-interactive", "--color", "never"], {
      workspace,
      env,
      command,
    });
  const plain = async (...words: readonly string[]): Promise<string> => {
    const run = launch([...words, "--stack", name, "--cwd", project], { workspace, env: {}, command: "" });
    const { exitCode, output, stdout } = await run.outcome;
    if (exitCode === 0) return stdout;
    throw new Error(`pulumi ${words.join(" ")} ended with exit code ${exitCode}:\n${output}`);
  };
  await plain("stack", "select", "--create");
  const salt = /^encryptionsalt:.*$/m.exec(
    existsSync(configFile) ? readFileSync(configFile, "utf8") : "",
  )?.[0];
  const exported = async (): Promise<string> => plain("stack", "export");
  return {
    name,
    async configure(settings) {
      const keys = Object.entries(settings).map(([key, value]) => [
        key.includes(":") ? key : `${projectName(project)}:${key}`,
        value,
      ]);
      const config: Record<string, string> = Object.fromEntries(keys) as Record<string, string>;
      await writeFile(configFile, `${salt ?? ""}\n${stringify({ config })}`);
    },
    start: (command, options) => start(command, withDefaults(command, options)),
    run: async (command, options) => start(command, withDefaults(command, options)).outcome,
    async must(command, options) {
      const outcome = await start(command, withDefaults(command, options)).outcome;
      if (outcome.exitCode === 0) return outcome;
      throw new Error(`pulumi ${command} ended with exit code ${outcome.exitCode}:\n${outcome.output}`);
    },
    exported,
    resources: async () =>
      (JSON.parse(await exported()) as { deployment: { resources?: StateResource[] } }).deployment
        .resources ?? [],
    output: async (key) => JSON.parse(await plain("stack", "output", key, "--json")) as unknown,
    async remove() {
      await plain("stack", "rm", "--yes", "--force");
      await rm(configFile, { force: true });
    },
  };
}

function withDefaults(command: Command, options: RunOptions = {}): RunOptions {
  return command === "preview" ? options : { ...options, args: ["--yes", ...(options.args ?? [])] };
}

function projectName(project: string): string {
  return /^name: (.*)$/m.exec(readFileSync(join(project, "Pulumi.yaml"), "utf8"))?.[1] ?? "";
}

interface Launch {
  readonly workspace: Workspace;
  readonly env: NodeJS.ProcessEnv;
  /** Empty for a command without events. */
  readonly command: string;
}

function launch(argv: readonly string[], { workspace, env, command }: Launch): Run {
  const id = randomBytes(6).toString("hex");
  const eventFile = join(workspace.folder, `events-${id}.json`);
  const traceFile = join(workspace.folder, `trace-${id}.json`);
  const child = spawn("pulumi", [...argv, ...(command === "" ? [] : ["--event-log", eventFile])], {
    env: { ...workspace.env, TOROCLOUD_TRACE: traceFile, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a process group of its own, as in a terminal
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error("pulumi is not on the PATH");
  running.add(pid);
  const late = setTimeout(() => process.kill(-pid, "SIGKILL"), withinSeconds * 1000);
  let output = "";
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(late);
      running.delete(pid);
      resolve(code ?? 137);
    });
  });
  const outcome = async (): Promise<Outcome> => {
    const exitCode = await ended;
    const eventLog = existsSync(eventFile) ? await readFile(eventFile, "utf8") : "";
    return {
      exitCode,
      output,
      stdout,
      eventLog,
      trace: readTrace(traceFile),
      phase: readPhase(eventLog, command),
    };
  };
  return {
    outcome: outcome(),
    output: () => output,
    interrupt() {
      if (running.has(pid)) process.kill(-pid, "SIGINT");
    },
  };
}
