import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll } from "vitest";
import { badInput } from "./chapters/bad-input.ts";
import { beside } from "./chapters/beside.ts";
import { data } from "./chapters/data.ts";
import { destruction } from "./chapters/destruction.ts";
import { drift } from "./chapters/drift.ts";
import { edits } from "./chapters/edits.ts";
import { firstPreview } from "./chapters/first-preview.ts";
import { firstUp } from "./chapters/first-up.ts";
import { foreignThings } from "./chapters/foreign-things.ts";
import { killed } from "./chapters/killed.ts";
import { interruption } from "./chapters/interruption.ts";
import { nothingToDo } from "./chapters/nothing-to-do.ts";
import { ownership } from "./chapters/ownership.ts";
import { robustness } from "./chapters/robustness.ts";
import { unreachable } from "./chapters/unreachable.ts";
import { upgraded } from "./chapters/upgrade.ts";
import { takeBaseline } from "./support/baseline.ts";
import { endRuns, exampleProject, openStack } from "./support/stack.ts";
import { settingsFile, type Suite } from "./support/suite.ts";
import { closeWorkspace, openWorkspace, type Settings } from "./support/workspace.ts";

/** Filled in before the first test; the chapters tell one story, in this order, on one lab. */
const suite = { up: false } as Suite;
const made: Partial<Pick<Suite, "workspace" | "cloud">> = suite;

beforeAll(async () => {
  const workspace = await openWorkspace((line) => process.stderr.write(`${line}\n`));
  suite.workspace = workspace;
  suite.cloud = await openStack(workspace, exampleProject, `lab-${workspace.lab}`);
  suite.baseline = await takeBaseline(workspace);
  const kept = settingsFile(workspace);
  suite.up = existsSync(kept); // only in a folder that was kept
  suite.settings = existsSync(kept)
    ? (JSON.parse(readFileSync(kept, "utf8")) as Settings)
    : workspace.settings;
  await suite.cloud.configure(suite.settings);
});

afterAll(async () => {
  endRuns();
  await closeWorkspace(made.workspace, async () => made.cloud?.remove());
});

firstPreview(suite);
firstUp(suite);
nothingToDo(suite);
edits(suite);
drift(suite);
robustness(suite);
badInput(suite);
unreachable(suite);
foreignThings(suite);
ownership(suite);
beside(suite);
destruction(suite);
upgraded(suite);
interruption(suite);
data(suite);
killed(suite);
