import { freshLab, removeLab, type FreshLab } from "./bench-lab.ts";
import type { Figure } from "./figure.ts";
import { guestFleet, type GuestFleet } from "./guest-fleet.ts";
import { plainHosts, type PlainHosts } from "./plain-hosts.ts";
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
  /** Two fresh hosts without Ceph. */
  plainHosts(): Promise<PlainHosts>;
  /** Many guests that cost nothing, up: those that an earlier benchmark of this invocation asked for, or new ones. */
  guests(): Promise<GuestFleet>;
}

/** Measures something; rejects only when it could not be measured, not when a goal is missed. */
export type Benchmark = (context: Context) => Promise<readonly Figure[]>;

/** A context, and how to take away what was made through it. */
export function openContext(runs: number): { context: Context; close(): Promise<void> } {
  let used = false;
  let cloud: Cloud | undefined;
  let fleet: GuestFleet | undefined;
  // There is one lab: new hosts take the place of those that were there.
  const anew = async <Made>(make: () => Promise<Made>): Promise<Made> => {
    used = true;
    await fleet?.close();
    cloud = fleet = undefined;
    return make();
  };
  const context: Context = {
    runs,
    freshLab: async () => anew(freshLab),
    plainHosts: async () => anew(plainHosts),
    async cloud() {
      if (cloud === undefined) {
        const lab = await anew(freshLab);
        cloud = { lab, run: await pulumiUp(lab.stack) };
      }
      return cloud;
    },
    async guests() {
      fleet ??= await anew(guestFleet);
      return fleet;
    },
  };
  return {
    context,
    async close() {
      await fleet?.close();
      if (used) await removeLab();
    },
  };
}
