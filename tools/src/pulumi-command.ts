import { runAttached } from "./attached-command.ts";
import { resumeInterrupted } from "./interrupted/resume.ts";
import { pulumiEnvironment } from "./pulumi-environment.ts";
import { ensurePulumi } from "./pulumi.ts";

/** Runs Pulumi with this project's environment in the current folder and returns its exit code. */
export async function pulumi(args: readonly string[]): Promise<number> {
  const tool = await ensurePulumi();
  const env = await pulumiEnvironment(tool);
  await resumeInterrupted({ command: tool.command, args, cwd: process.cwd(), env });
  return runAttached({ argv: [tool.command, ...args], env });
}
