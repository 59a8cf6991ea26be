import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runAttached } from "./attached-command.ts";
import { cached } from "./cache.ts";
import { findOnPath, run } from "./command.ts";
import { ensureDebianPackages } from "./debian-packages.ts";
import { ToolError, ToolFailed } from "./errors.ts";
import { cacheFolder, checkoutFolder } from "./folders.ts";
import { step } from "./report.ts";

const folder = join(checkoutFolder, "provider", "host-program");
const oldestMinor = 11;

/** What is run in the folder of the host program, each as a module of Python. */
const checks = [
  ["ruff", "format", "--check", "--quiet"],
  ["ruff", "check", "--quiet"],
  ["mypy", "--strict", "--no-error-summary"],
  ["pytest", "--quiet"],
] as const;

/** Checks and tests the program that is sent to hosts; returns the exit code of the first check that fails. */
export async function checkHostProgram(): Promise<number> {
  const python = await ensurePython();
  for (const [module, ...args] of checks) {
    const argv = [python, "-m", module, ...args] as const;
    const exitCode = await runAttached({ argv, cwd: folder });
    if (exitCode !== 0) return exitCode;
  }
  return 0;
}

/** The path of a Python that has what the checks need: in an environment of its own, made once for each version of Python. `isRoot` is for tests. */
export async function ensurePython(env: NodeJS.ProcessEnv = process.env, isRoot?: boolean): Promise<string> {
  const requirements = join(folder, "requirements-dev.txt");
  if (!(await hasVenv(env)))
    await ensureDebianPackages(["python3-venv"], { env, ...(isRoot !== undefined && { isRoot }) });
  const { path, version } = await basePython(env);
  const entry = {
    name: "host-program-checks",
    version: `python-${version}`,
    inputs: [await readFile(requirements, "utf8"), path],
    folder: cacheFolder(env),
  };
  const title = "Installing what checks the host program (ruff, mypy, pytest; once)";
  const made = await cached(entry, async ({ result }) => {
    await step(title, async (note) => {
      await run({ argv: [path, "-m", "venv", result], env });
      note("downloading with pip");
      await install(join(result, "bin", "python"), requirements, env);
    });
  });
  // Not bin/ruff or bin/pytest: these have the path in them under which they were installed, before the entry was moved here.
  return join(made, "bin", "python");
}

/** Debian splits off what makes environments, so python3 alone does not mean that it is there. */
async function hasVenv(env: NodeJS.ProcessEnv): Promise<boolean> {
  if (findOnPath("python3", env) === undefined) return false;
  try {
    await run({ argv: ["python3", "-c", "import ensurepip, venv"], env });
    return true;
  } catch (error) {
    if (error instanceof ToolFailed) return false;
    throw error;
  }
}

async function basePython(env: NodeJS.ProcessEnv): Promise<{ path: string; version: string }> {
  const script = "import sys; print(sys.executable, *sys.version_info[:3], sep='\\n')";
  const [path = "", ...numbers] = (await run({ argv: ["python3", "-c", script], env })).trim().split("\n");
  const [major, minor] = numbers.map(Number);
  const version = numbers.join(".");
  if (major !== 3 || (minor ?? 0) < oldestMinor)
    throw new ToolError(
      `The checks of the host program need Python 3.${String(oldestMinor)} or later, and python3 is ${version} (${path}).`,
    );
  return { path, version };
}

async function install(python: string, requirements: string, env: NodeJS.ProcessEnv): Promise<void> {
  // All that is needed is listed, so nothing else is brought in.
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
  try {
    await run({ argv: [python, ...pip, "--requirement", requirements], env });
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new ToolError(
      `What checks the host program could not be installed with pip:\n${error.output.trim()}\nRepair that, then type the same command again.`,
      { cause: error },
    );
  }
}
