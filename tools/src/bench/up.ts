import { say } from "../report.ts";
import { verifyCloud } from "./bench-lab.ts";
import type { Context } from "./context.ts";
import { figureOfRuns, type Figure } from "./figure.ts";
import { phaseNames, phaseSeconds, type PhaseStep } from "./phases.ts";
import { pulumiUp, type PulumiRun } from "./pulumi-run.ts";
import { stepsOf, type Making } from "./resource-events.ts";
import { scriptUp, type ScriptRun } from "./script-run.ts";
import { maximum } from "./statistics.ts";

const slowestShown = 8;

/** The same cloud brought up twice, once each way, on fresh hosts each time. */
interface Comparison {
  readonly pulumi: PulumiRun;
  readonly script: ScriptRun;
  /** How long the hosts of each took to make; no part of the others. */
  readonly labSeconds: number;
}

/** Brings the example cloud up with Pulumi and with a plain script, and compares. */
export async function benchmarkUp(context: Context): Promise<readonly Figure[]> {
  const comparisons: Comparison[] = [];
  for (let run = 0; run < context.runs; run += 1) {
    say(`Comparison ${run + 1} of ${context.runs}`);
    comparisons.push(await compare(context, run % 2 === 0));
  }
  return figuresOf(comparisons);
}

/** The order alternates between runs, as the second of two finds more in the machine's caches. */
async function compare(context: Context, pulumiFirst: boolean): Promise<Comparison> {
  const byPulumi = async (): Promise<[PulumiRun, number]> => {
    const lab = await context.freshLab();
    const pulumi = await pulumiUp(lab.stack);
    await verifyCloud(lab);
    describeMakings(pulumi.makings);
    return [pulumi, lab.seconds];
  };
  const byScript = async (): Promise<[ScriptRun, number]> => {
    const lab = await context.freshLab();
    const script = await scriptUp(lab);
    await verifyCloud(lab);
    return [script, lab.seconds];
  };
  if (pulumiFirst) {
    const [pulumi, one] = await byPulumi();
    const [script, two] = await byScript();
    return { pulumi, script, labSeconds: (one + two) / 2 };
  }
  const [script, one] = await byScript();
  const [pulumi, two] = await byPulumi();
  return { pulumi, script, labSeconds: (one + two) / 2 };
}

function describeMakings(makings: readonly Making[]): void {
  const slowest = [...makings].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, slowestShown);
  for (const { type, name, start, end } of slowest) {
    say(`  ${type} ${name}: ${(end - start).toFixed(1)} s, from second ${start.toFixed(1)} on`);
  }
}

/** The figures of some comparisons, of which there is at least one. */
export function figuresOf(comparisons: readonly Comparison[]): Figure[] {
  const over = (pick: (one: Comparison) => number): number[] => comparisons.map(pick);
  const seconds = (name: string, pick: (one: Comparison) => number): Figure =>
    figureOfRuns(name, over(pick), { unit: "s" });
  return [
    seconds("up.lab", ({ labSeconds }) => labSeconds),
    seconds("up.pulumi", ({ pulumi }) => pulumi.seconds),
    seconds("up.script", ({ script }) => script.seconds),
    figureOfRuns(
      "up.ratio",
      over(({ pulumi, script }) => pulumi.seconds / script.seconds),
      { goal: { kind: "at most", value: 1.15 } },
    ),
    figureOfRuns(
      "up.ratio.after-packages",
      over(
        ({ pulumi, script }) =>
          afterPackages(pulumi.seconds, stepsOf(pulumi.makings)) /
          afterPackages(script.seconds, script.steps),
      ),
      { goal: { kind: "at most", value: 1.4 } },
    ),
    seconds("up.pulumi.start", ({ pulumi }) => Math.min(...pulumi.makings.map(({ start }) => start))),
    ...phaseFigures("up.pulumi", over, ({ pulumi }) => [pulumi.seconds, stepsOf(pulumi.makings)]),
    ...phaseFigures("up.script", over, ({ script }) => [script.seconds, script.steps]),
    ...traceFigures(over),
  ];
}

/** Installing packages is the same work both ways and most of the time, so it hides what differs. */
function afterPackages(seconds: number, steps: readonly PhaseStep[]): number {
  return seconds - (phaseSeconds(steps).get("packages") ?? 0);
}

type Over = (pick: (one: Comparison) => number) => number[];

function phaseFigures(
  name: string,
  over: Over,
  pick: (one: Comparison) => [seconds: number, steps: readonly PhaseStep[]],
): Figure[] {
  const rest = over((one) => {
    const [seconds, steps] = pick(one);
    return seconds - [...phaseSeconds(steps).values()].reduce((total, phase) => total + phase, 0);
  });
  return [
    ...phaseNames.map((phase) =>
      figureOfRuns(
        `${name}.${phase}`,
        over((one) => phaseSeconds(pick(one)[1]).get(phase) ?? 0),
        { unit: "s" },
      ),
    ),
    figureOfRuns(`${name}.rest`, rest, { unit: "s" }),
  ];
}

function traceFigures(over: Over): Figure[] {
  return [
    figureOfRuns(
      "up.pulumi.resources",
      over(({ pulumi }) => pulumi.makings.length),
    ),
    figureOfRuns(
      "up.pulumi.round-trips-per-resource",
      over(({ pulumi: { trace, makings } }) => trace.roundTrips / makings.length),
      { goal: { kind: "at most", value: 3 } },
    ),
    figureOfRuns(
      "up.pulumi.connections-per-host",
      over(({ pulumi }) => maximum([...pulumi.trace.dials.values()])),
      { goal: { kind: "exactly", value: 1 } },
    ),
  ];
}
