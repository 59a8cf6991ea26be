import { spawn } from "node:child_process";
import { LabError } from "./errors.ts";

/** A word as a POSIX shell must read it to get that word. */
export function quote(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** How a command ended and what it said. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command reads, and how long it may take. */
export interface RunOptions {
  readonly stdin?: string;
  readonly timeoutSeconds?: number;
}

/** Runs a command without a shell and returns how it ended (124 when it took too long, 127 when it is not there). */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [command = "", ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let late = false;
    const timer = setTimeout(
      () => {
        late = true;
        child.kill("SIGKILL");
      },
      (options.timeoutSeconds ?? 120) * 1000,
    );
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ exitCode: 127, stdout, stderr: `${stderr}${error.message}` });
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ exitCode: late ? 124 : (code ?? 137), stdout, stderr });
    });
    child.stdin.end(options.stdin ?? "");
  });
}

/** Runs a command that must succeed and returns what it printed; throws with the end of its error text otherwise. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.exitCode === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-8).join("\n");
  throw new LabError(`this machine: "${argv.join(" ")}" ended with exit code ${result.exitCode}: ${said}`);
}
