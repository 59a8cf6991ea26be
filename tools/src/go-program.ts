import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache.ts";
import { findOnPath, run, type Command } from "./command.ts";
import { ToolError, ToolFailed } from "./errors.ts";
import { cacheFolder } from "./folders.ts";
import { step } from "./report.ts";

/** A Go program that is built from a wrapper module: a folder with a go.mod and a complete go.sum. */
export interface GoProgram {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly package: string;
  /** The folder of the wrapper module. */
  readonly module: string;
  readonly flags: readonly string[];
  /** Roughly how long a first build takes, as a person says it. */
  readonly takes: string;
  /** How a user gets the program without building it. */
  readonly instead: string;
}

/** Returns the folder that holds the built program, building it when the cache has none. */
export async function ensureGoProgram(
  program: GoProgram,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const inputs = await Promise.all(
    ["go.mod", "go.sum"].map(async (file) => readFile(join(program.module, file), "utf8")),
  );
  const entry = {
    name: program.name,
    version: program.version,
    inputs: [...inputs, ...buildArgs(program)],
    folder: cacheFolder(env),
  };
  return cached(entry, async ({ result }) => {
    await checkGo(program, env);
    await step(
      `Building ${program.title} ${program.version} (about ${program.takes}, once)`,
      async (note) => {
        await build({ program, result, env, note });
      },
    );
  });
}

function buildArgs(program: GoProgram): readonly string[] {
  return ["-mod=readonly", "-buildvcs=false", "-trimpath", ...program.flags];
}

/** go.sum is complete and read-only, so no checksum database is asked; where modules come from is the user's own setting. */
function goCommand(program: GoProgram, env: NodeJS.ProcessEnv, args: readonly string[]): Command {
  const go = findOnPath("go", env);
  if (go === undefined)
    throw new ToolError(
      `${program.title} is not on the PATH, and neither is Go, to build it. ${advice(program)}`,
    );
  return { argv: [go, ...args], cwd: program.module, env: { ...env, CGO_ENABLED: "0", GOWORK: "off" } };
}

async function checkGo(program: GoProgram, env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await run(goCommand(program, env, ["list", "-m"]));
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new ToolError(
      `${program.title} is not on the PATH, and this machine's Go cannot build it:\n${error.output.trim()}\n${advice(program)}`,
      { cause: error },
    );
  }
}

function advice(program: GoProgram): string {
  return (
    `Either type: ${program.instead}\n` +
    "or install Go 1.25.11 or later (https://go.dev/doc/install). Then type the same command again."
  );
}

interface Build {
  readonly program: GoProgram;
  readonly result: string;
  readonly env: NodeJS.ProcessEnv;
  readonly note: (detail: string) => void;
}

async function build({ program, result, env, note }: Build): Promise<void> {
  const file = join(result, program.name);
  let downloads = 0;
  const command = goCommand(program, env, ["build", ...buildArgs(program), "-o", file, program.package]);
  try {
    await run({
      ...command,
      onStderr: (text) => {
        downloads += text.split("go: downloading ").length - 1;
        note(`${downloads} modules downloaded`);
      },
    });
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new ToolError(
      `${error.message}\nThe build of ${program.title} goes on from there when you type the same command again.`,
      {
        cause: error,
      },
    );
  }
  await chmod(file, 0o755);
}
