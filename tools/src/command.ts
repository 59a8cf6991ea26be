import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ToolFailed } from "./errors.ts";

const outputTail = 6_000;
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A command of this machine, run without a shell. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with each piece of its standard error, where build tools tell their progress. */
  readonly onStderr?: (text: string) => void;
}

/** The path of an executable on a PATH, or undefined. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return (env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Whether a path is a file that may be executed. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Runs a command to its end and returns its standard output; throws ToolFailed with the end of both its outputs. */
export async function run({ argv, cwd, env, onStderr }: Command): Promise<string> {
  const [name, ...args] = argv;
  const child = spawn(name, args, { cwd, env: env ?? process.env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let both = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    both = (both + text).slice(-outputTail);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    both = (both + text).slice(-outputTail);
    onStderr?.(text);
  });
  const exitCode = await untilClosed(child).catch((error: unknown) => {
    throw new ToolFailed({ argv, exitCode: undefined, output: String(error), cause: error });
  });
  if (exitCode !== 0) throw new ToolFailed({ argv, exitCode, output: both });
  return stdout;
}

/** A signal to this process stops the child first, so that no build goes on alone; then it ends this process, as it would have. */
async function untilClosed(child: ChildProcess): Promise<number | undefined> {
  let stoppedBy: NodeJS.Signals | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    stoppedBy = signal;
    child.kill(signal);
  };
  for (const signal of stopSignals) process.on(signal, stop);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve(code ?? undefined);
      });
    });
  } finally {
    for (const signal of stopSignals) process.off(signal, stop);
    if (stoppedBy !== undefined) process.kill(process.pid, stoppedBy);
  }
}
