import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../command.ts";
import { checkoutFolder } from "../folders.ts";
import { toolEnvironment } from "../pulumi-environment.ts";
import { ensurePulumi } from "../pulumi.ts";
import { step } from "../report.ts";
import { measure, type Measured } from "./measure.ts";
import { summarizeTrace, type TraceSummary } from "./trace-summary.ts";

/** One run of Pulumi, from the command to its end. */
export interface ProjectRun extends Measured {
  readonly trace: TraceSummary;
  /** How many resources of each operation there were: `{ same: 201 }`. */
  readonly changes: Readonly<Record<string, number>>;
}

/** A program of bench/programs, as a stack in a backend of its own. */
export interface Project {
  /** Throws ToolFailed when it fails. */
  run(command: "preview" | "up" | "refresh" | "destroy"): Promise<ProjectRun>;
  /** Forgets the stack. What it made stays. */
  close(): Promise<void>;
}

const stack = "bench";

/** Makes the stack. `settings` are the configuration, `torocloud:` included where it is not the project's own. */
export async function openProject(
  program: string,
  settings: Readonly<Record<string, string>>,
): Promise<Project> {
  const { command: pulumi, ...tools } = await ensurePulumi();
  const folder = await mkdtemp(join(tmpdir(), "torocloud-bench-"));
  const [events, trace, config] = ["events", "trace", "config.yaml"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const cwd = join(checkoutFolder, "bench", "programs", program);
  const env = {
    ...toolEnvironment({ command: pulumi, ...tools }),
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "of a benchmark",
    PULUMI_DEBUG_COMMANDS: "true", // for --event-log
    TOROCLOUD_TRACE: trace,
  };
  await run({ argv: [pulumi, "stack", "init", stack], cwd, env });
  await writeFile(config, JSON.stringify({ config: settings }));
  return {
    async run(command) {
      await Promise.all([events, trace].map(async (file) => rm(file, { force: true })));
      const options = ["--stack", stack, "--config-file", config, "--non-interactive", "--event-log", events];
      const now = command === "preview" ? [] : ["--yes", "--skip-preview"];
      const measured = await step(`pulumi ${command} of ${program}`, async () =>
        measure(async () => run({ argv: [pulumi, command, ...options, ...now], cwd, env })),
      );
      return {
        ...measured,
        trace: summarizeTrace(await text(trace)),
        changes: changesIn(await text(events)),
      };
    },
    async close() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Empty where there is none: a run that asked no host has no trace. */
async function text(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

/** What the last summary of an event log says. */
export function changesIn(events: string): Readonly<Record<string, number>> {
  const summaries = events
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => (JSON.parse(line) as EngineEvent).summaryEvent ?? []);
  return summaries.at(-1)?.resourceChanges ?? {};
}

interface EngineEvent {
  readonly summaryEvent?: { readonly resourceChanges: Readonly<Record<string, number>> };
}
