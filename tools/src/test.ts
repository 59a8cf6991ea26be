import { join } from "node:path";
import { runAttached } from "./attached-command.ts";
import { checkoutFolder } from "./folders.ts";
import { toolEnvironment } from "./pulumi-environment.ts";
import { ensurePulumi } from "./pulumi.ts";

/** Runs every check and then the tests on the lab's hosts, with Pulumi on the PATH; the arguments go to the latter. */
export async function test(args: readonly string[]): Promise<number> {
  const env = toolEnvironment(await ensurePulumi());
  const checked = await runAttached({ argv: ["npm", "run", "check"], cwd: checkoutFolder, env });
  if (checked !== 0) return checked;
  const vitest = join(checkoutFolder, "node_modules", "vitest", "vitest.mjs");
  const argv = [process.execPath, vitest, "run", "--project", "lab", ...args] as const;
  return runAttached({ argv, cwd: checkoutFolder, env });
}
