import { runAttached } from "./attached-command.ts";
import { pulumiEnvironment } from "./pulumi-environment.ts";
import { ensurePulumi } from "./pulumi.ts";

/** Runs Pulumi with this project's environment in the current folder and returns its exit code. */
export async function pulumi(args: readonly string[]): Promise<number> {
  const tool = await ensurePulumi();
  return runAttached({ argv: [tool.command, ...args], env: await pulumiEnvironment(tool) });
}
