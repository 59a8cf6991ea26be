import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Command } from "./command.ts";
import { ToolFailed } from "./errors.ts";

/** npm passes on a signal that the whole process group got already: what comes within this time is the same signal. */
const sameSignalMs = 500;
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Runs a command on this process's own input and outputs and returns its exit code (128 + n after signal n). Each signal reaches it
 * once: on a terminal, whose keys reach it anyway, SIGINT and SIGQUIT are not passed on; elsewhere it has a process group of its own.
 */
export async function runAttached({ argv, cwd, env }: Command): Promise<number> {
  const [name, ...args] = argv;
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const child = spawn(name, args, { cwd, env: env ?? process.env, stdio: "inherit", detached: !terminal });
  const detach = passSignals(child, terminal ? new Set(["SIGINT", "SIGQUIT"]) : new Set());
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", (cause) => {
        reject(new ToolFailed({ argv, exitCode: undefined, output: cause.message, cause }));
      });
      child.on("close", (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    detach();
  }
}

function passSignals(child: ChildProcess, ignored: ReadonlySet<NodeJS.Signals>): () => void {
  const last = new Map<NodeJS.Signals, number>();
  const pass = (signal: NodeJS.Signals): void => {
    const now = Date.now();
    const repeated = now - (last.get(signal) ?? -Infinity) < sameSignalMs;
    last.set(signal, now);
    if (!repeated && !ignored.has(signal)) child.kill(signal);
  };
  for (const signal of forwarded) process.on(signal, pass);
  return () => {
    for (const signal of forwarded) process.off(signal, pass);
  };
}
