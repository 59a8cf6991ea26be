import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runAttached } from "./attached-command.ts";
import { ensureDebianPackages } from "./debian-packages.ts";
import { checkoutFolder } from "./folders.ts";
import { checkHostProgram } from "./host-program-checks.ts";
import { toolEnvironment } from "./pulumi-environment.ts";
import { ensurePulumi } from "./pulumi.ts";

/** Runs every check and all tests, those on the lab's hosts included; the arguments go to the test runner. */
export async function test(args: readonly string[]): Promise<number> {
  const env = toolEnvironment(await ensurePulumi());
  await ensureDebianPackages(["openssh-server", "openssh-client"]);
  const checked = await runAttached({
    argv: ["npm", "run", "--silent", "check:static"],
    cwd: checkoutFolder,
    env,
  });
  if (checked !== 0) return checked;
  const hostProgram = await checkHostProgram();
  if (hostProgram !== 0) return hostProgram;
  const demo = join(checkoutFolder, "images", "demo");
  const go = await runAttached({ argv: ["go", "test", "./..."], cwd: demo, env });
  if (go !== 0) return go;
  return runTests(args, env);
}

async function runTests(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "torocloud-test-"));
  const file = join(folder, "results.json");
  const vitest = join(checkoutFolder, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  try {
    const argv = [process.execPath, vitest, "run", ...reporters, ...args] as const;
    const exitCode = await runAttached({ argv, cwd: checkoutFolder, env });
    process.stdout.write(`${closingLine(JSON.parse(await readFile(file, "utf8")) as Results)}\n`);
    return exitCode;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of vitest's JSON report. */
interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

function closingLine({ numPassedTests, numFailedTests, numPendingTests }: Results): string {
  return `tests: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`;
}
