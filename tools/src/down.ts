import { labName } from "./lab-name.ts";
import { openLabStack } from "./lab-stack.ts";
import { ToolFailed } from "./errors.ts";
import { say, step } from "./report.ts";

/** Takes the lab's hosts away with all that ran on them, and forgets the stack; what was slow to make stays in the cache. */
export async function down(args: readonly string[]): Promise<number> {
  const lab = labName(args);
  const { labDown } = await import("@torocloud/lab");
  await step(`Taking down lab ${lab}`, async () => labDown({ name: lab, log: say }));
  const stack = await openLabStack(lab);
  try {
    await stack.output("stack", "rm", "--yes", "--force");
  } catch (error) {
    if (!(error instanceof ToolFailed) || !error.message.includes("no stack named")) throw error;
  }
  return 0;
}
