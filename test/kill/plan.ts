import { seededRandom } from "../cloud/support/random.ts";

/** What is done to a run. */
export type Disturbance =
  | "kill" // engine, provider and language host
  | "cut, kill" // a host loses its network first, and does not see the engine die
  | "reboot"
  | "reboot, kill"
  | "pause"
  | "cut";

/** What is disturbed, and what is typed afterwards. */
export type Story =
  | "first up" // packages are not there yet
  | "update"
  | "update, undone" // back to the configuration before, without completing the new one
  | "destroy"
  | "destroy, undone" // up
  | "up again" // after a destroy that kept data
  | "up again, undone"; // destroy

/** The moment of a disturbance. */
export interface Moment {
  /** So many resources were begun. */
  readonly begun: number;
  /** And so much later. */
  readonly delayMs: number;
}

/** Settings of the example cloud that a round changes, and the text of its page. */
export interface Configuration {
  readonly memoryMiB: string;
  readonly replicas: string;
  readonly port: string;
  readonly edition: string;
}

/** One round; nothing but its seed decides it. */
export interface Round {
  readonly seed: number;
  readonly story: Story;
  readonly disturbance: Disturbance;
  readonly victim: string;
  readonly moment: Moment;
  /** How long a host stays paused or cut off. */
  readonly troubleMs: number;
  readonly configuration: Configuration;
}

const disturbances: readonly (readonly [Disturbance, number])[] = [
  ["kill", 45],
  ["cut, kill", 15],
  ["reboot", 12],
  ["reboot, kill", 8],
  ["pause", 10],
  ["cut", 10],
];

const stories: readonly (readonly [Story, number])[] = [
  ["update", 45],
  ["update, undone", 10],
  ["destroy", 15],
  ["destroy, undone", 10],
  ["up again", 15],
  ["up again, undone", 5],
];

/** How many resources a story's run begins at least. */
const begins: Readonly<Record<Story, number>> = {
  "first up": 12,
  update: 3,
  "update, undone": 3,
  destroy: 30,
  "destroy, undone": 30,
  "up again": 34,
  "up again, undone": 34,
};

/** The round of a seed; `story` for one that is not drawn, the first. */
export function planRound(seed: number, hosts: readonly string[], story?: Story): Round {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <Value>(weighted: readonly (readonly [Value, number])[]): Value => {
    let left = below(weighted.reduce((sum, [, weight]) => sum + weight, 0));
    const chosen = weighted.find(([, weight]) => (left -= weight) < 0);
    if (chosen === undefined) throw new Error("there is nothing to draw from");
    return chosen[0];
  };
  const drawnStory = pick(stories);
  const drawn = story ?? drawnStory;
  const slow = drawn === "first up" ? 15_000 : 3000;
  return {
    seed,
    story: drawn,
    disturbance: pick(disturbances),
    victim: hosts[below(hosts.length)] ?? "",
    moment: { begun: 1 + below(begins[drawn]), delayMs: below(slow) },
    troubleMs: 3000 + below(42_000),
    configuration: {
      memoryMiB: String(128 + 16 * below(4)),
      replicas: String(1 + below(3)),
      port: String(8080 + 10 * below(3)),
      edition: `Edition ${seed}`,
    },
  };
}
