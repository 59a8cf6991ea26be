import { freshLab, removeLab, type FreshLab } from "./bench-lab.ts";
import type { Figure } from "./figure.ts";
import { pulumiUp, type PulumiRun } from "./pulumi-run.ts";

/** The example cloud, brought up with Pulumi in this invocation. */
export interface Cloud {
  readonly lab: FreshLab;
  readonly run: PulumiRun;
}

/** What a benchmark works with. */
export interface Context {
  /** How often a comparison is to be made. */
  readonly runs: number;
  /** Fresh hosts; what was there before is gone. */
  freshLab(): Promise<FreshLab>;
  /** The example cloud, up: the one that an earlier benchmark of this invocation asked for, or a new one. */
  cloud(): Promise<Cloud>;
}

/** Measures something; rejects only when it could not be measured, not when a goal is missed. */
export type Benchmark = (context: Context) => Promise<readonly Figure[]>;

/** A context, and how to take away what was made through it. */
export function openContext(runs: number): { context: Context; close(): Promise<void> } {
  let used = false;
  let current: Cloud | undefined;
  const fresh = async (): Promise<FreshLab> => {
    used = true;
    current = undefined;
    return freshLab();
  };
  const context = {
    runs,
    freshLab: fresh,
    async cloud() {
      if (current === undefined) {
        const lab = await fresh();
        current = { lab, run: await pulumiUp(lab.stack) };
      }
      return current;
    },
  };
  return {
    context,
    async close() {
      if (used) await removeLab();
    },
  };
}
