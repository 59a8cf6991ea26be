import { parseArgs } from "node:util";
import { renderTable } from "../../tools/src/table.ts";
import { exampleProject, endRuns, openStack } from "../cloud/support/stack.ts";
import { closeWorkspace, openWorkspace } from "../cloud/support/workspace.ts";
import { Campaign, tableOf, type Result } from "./campaign.ts";
import { planRound, type Round } from "./plan.ts";
import { witnessOf } from "./witness.ts";

/** As small as they may be: a campaign may share its machine. */
const osdSizeGiB = "2";
const usage = "Expected: [--seed N] [--rounds N] [--first]";

/**
 * The campaign on a lab of its own: prints each round with the seed that replays it, what it found, and a table; returns 1
 * when a round did not converge. Ctrl-C ends it after the round. With several rounds, or --first, the very first `up` is the first of them.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { seed, rounds, ...options } = readArguments(args);
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const workspace = await openWorkspace(say);
  const cloud = await openStack(workspace, exampleProject, `lab-${workspace.lab}`);
  const first = options.first && (await cloud.resources()).length === 0; // in a folder that was kept, it may be up
  const hosts = workspace.hosts.map(({ name }) => name);
  const plan = Array.from({ length: rounds }, (_, index) =>
    planRound(seed + index, hosts, first && index === 0 ? "first up" : undefined),
  );
  const results: Result[] = [];
  const asked = { toStop: false };
  process.once("SIGINT", () => {
    say("  (ends after this round)");
    asked.toStop = true;
  });
  try {
    const settings = { ...workspace.settings, osdSizeGiB };
    const subject = { workspace, cloud, settings, witness: witnessOf(workspace), say };
    const start = planRound(seed - 1, hosts).configuration;
    const campaign = new Campaign(subject, start);
    if (!first) await campaign.prepare();
    for (const round of plan) {
      if (asked.toStop) break;
      say(title(round));
      const result = await campaign.play(round);
      results.push(result);
      say(`  ${result.converged ? "converged" : "DID NOT CONVERGE"} after ${result.seconds.toFixed(0)} s`);
      if (!result.converged) await campaign.prepare().catch(() => undefined);
    }
  } finally {
    endRuns();
    if (results.length > 0) say(`\n${renderTable(tableOf(results))}`);
    await closeWorkspace(workspace, async () => cloud.remove());
  }
  return results.length === rounds && results.every(({ converged }) => converged) ? 0 : 1;
}

/** Everything that decides a round, and how to have it again. */
export function title(round: Round): string {
  const { seed, story, disturbance, victim, moment, troubleMs, configuration } = round;
  const on = disturbance === "kill" ? "" : ` of ${victim}`;
  const lasting = ["pause", "cut"].includes(disturbance) ? ` for ${(troubleMs / 1000).toFixed(0)} s` : "";
  const again = `--seed ${seed} --rounds 1${story === "first up" ? " --first" : ""}`;
  const { memoryMiB, replicas, port } = configuration;
  return (
    `${story}: ${disturbance}${on}${lasting}, ${moment.delayMs} ms after ${moment.begun} resources were begun, ` +
    `towards ${replicas} x ${memoryMiB} MiB on port ${port}   (again: npm run test:kill -- ${again})`
  );
}

function readArguments(args: readonly string[]): { seed: number; rounds: number; first: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: { seed: { type: "string" }, rounds: { type: "string" }, first: { type: "boolean" } },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
  const rounds = Number(values.rounds ?? 30);
  if (!Number.isInteger(seed) || !Number.isInteger(rounds) || rounds < 1) throw new Error(usage);
  return { seed, rounds, first: values.first ?? rounds > 1 };
}
