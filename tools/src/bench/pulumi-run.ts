import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../command.ts";
import { checkoutFolder } from "../folders.ts";
import type { LabStack } from "../lab-stack.ts";
import { ensurePulumi } from "../pulumi.ts";
import { step } from "../report.ts";
import { followLines } from "./line-follower.ts";
import { watchPeak } from "./process-memory.ts";
import { parseMakings, type Making } from "./resource-events.ts";
import { summarizeTrace, type TraceSummary } from "./trace-summary.ts";

/** What the provider's process is recognised by. */
const providerProgram = "@pulumi/pulumi/cmd/dynamic-provider";

/** One `pulumi up`, from the command to its end. */
export interface PulumiRun {
  readonly seconds: number;
  readonly makings: readonly Making[];
  readonly trace: TraceSummary;
  /** The highest resident memory of the provider's process, in bytes; undefined when it was not seen. */
  readonly providerPeak: number | undefined;
}

/** Runs `pulumi up` on a stack and measures it. Throws ToolFailed when it fails. */
export async function pulumiUp(stack: LabStack): Promise<PulumiRun> {
  const { command } = await ensurePulumi();
  const folder = await mkdtemp(join(tmpdir(), "torocloud-bench-"));
  const [events, trace] = [join(folder, "events"), join(folder, "trace")];
  const argv = [
    ...[command, "up", "--yes", "--skip-preview", "--color", "never", "--event-log", events],
    ...["--stack", stack.stack, "--cwd", checkoutFolder],
  ] as [string, ...string[]];
  // --event-log is one of the flags that this variable makes known.
  const env = { ...stack.env, TOROCLOUD_TRACE: trace, PULUMI_DEBUG_COMMANDS: "true" };
  const peak = watchPeak(providerProgram);
  const began = performance.now();
  const log = followLines(events, began);
  try {
    await step("Bringing the cloud up with Pulumi", async () => run({ argv, cwd: checkoutFolder, env }));
    const seconds = (performance.now() - began) / 1000;
    return {
      seconds,
      makings: parseMakings(await log.stop()),
      trace: summarizeTrace(await readFile(trace, "utf8")),
      providerPeak: await peak.stop(),
    };
  } finally {
    await Promise.all([log.stop(), peak.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}
