import { existsSync } from "node:fs";
import { labName } from "./lab-name.ts";
import { forgetStack, openLabStack, settingsFile } from "./lab-stack.ts";
import { say, step } from "./report.ts";

/** Takes the lab's hosts away with all that ran on them, and forgets the stack; what was slow to make stays in the cache. */
export async function down(args: readonly string[]): Promise<number> {
  const lab = labName(args);
  const { labDown } = await import("@torocloud/lab");
  await step(`Taking down lab ${lab}`, async () => labDown({ name: lab, log: say }));
  // Without settings there is no stack, and no reason to build Pulumi for asking.
  if (existsSync(settingsFile(lab))) await forgetStack(await openLabStack(lab));
  return 0;
}
