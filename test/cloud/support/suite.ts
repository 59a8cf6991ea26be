import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe } from "vitest";
import type { Baseline } from "./baseline.ts";
import { runningPids, type Pids } from "./processes.ts";
import type { Phase } from "./events.ts";
import type { Stack } from "./stack.ts";
import type { Settings, Workspace } from "./workspace.ts";

/** What the chapters share: one lab, and the example cloud on it. */
export interface Suite {
  workspace: Workspace;
  cloud: Stack;
  /** What the stack's configuration says now. */
  settings: Settings;
  baseline: Baseline;
  /** Whether the cloud came up: without it, most chapters have nothing to look at. */
  up: boolean;
}

/** A part of the suite that needs the cloud, and says so instead of waiting for what cannot come. */
export function chapter(title: string, suite: Suite, tests: () => void): void {
  describe(title, () => {
    beforeEach(() => {
      if (!suite.up) throw new Error("this needs the cloud, which did not come up: see the first failure");
    });
    tests();
  });
}

/** Where a run that goes on in a kept folder finds the configuration. */
export function settingsFile({ folder }: Workspace): string {
  return join(folder, "settings.json");
}

/** Changes some of the configuration, and keeps the rest; `undefined` leaves a key to its default. */
export async function set(
  suite: Suite,
  changes: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const settings = Object.entries({ ...suite.settings, ...changes });
  suite.settings = Object.fromEntries(
    settings.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  writeFileSync(settingsFile(suite.workspace), JSON.stringify(suite.settings));
  await suite.cloud.configure(suite.settings);
}

/** A preview and an `up` after a change, and the processes before and after. */
export interface Edit {
  readonly preview: Phase;
  readonly act: Phase;
  readonly before: Pids;
  readonly after: Pids;
}

/** Changes the configuration, looks at what Pulumi would do, and lets it. */
export async function edit(suite: Suite, changes: Settings): Promise<Edit> {
  const before = await runningPids(suite.workspace);
  await set(suite, changes);
  const { phase: preview } = await suite.cloud.must("preview");
  const { phase: act } = await suite.cloud.must("up", { args: ["--skip-preview"] });
  return { preview, act, before, after: await runningPids(suite.workspace) };
}
