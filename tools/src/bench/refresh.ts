import { ToolError } from "../errors.ts";
import { step } from "../report.ts";
import type { Context } from "./context.ts";
import { figureOfRuns, ratioOfRuns, type Figure } from "./figure.ts";
import { expectAll, guestCount } from "./guest-fleet.ts";
import { measure, type Measured } from "./measure.ts";
import type { PlainHosts } from "./plain-hosts.ts";
import type { ProjectRun } from "./project.ts";
import { maximum } from "./statistics.ts";
import { takeTurns, type Turns } from "./turns.ts";

/** Reads many guests with Pulumi and with a script per host, and compares. */
export async function benchmarkRefresh(context: Context): Promise<readonly Figure[]> {
  const { hosts, guests, nothing } = await context.guests();
  const turns = await takeTurns(context.runs, {
    pulumi: async () => {
      const run = await guests.run("refresh");
      expectAll(run, "same", guestCount);
      return run;
    },
    script: async () => look(hosts),
    atOnce: async () => look(hosts, "--at-once"),
    nothing: async () => nothing.run("refresh"),
  });
  return figuresOf(turns);
}

/** Both hosts at once. Throws ToolError unless every guest was found to run. */
async function look({ names, script }: PlainHosts, ...args: readonly string[]): Promise<Measured> {
  const answers: string[] = [];
  const measured = await step("Looking at the guests with a script", async () =>
    measure(async () => {
      const looks = names.map(async (host) => script(host, "look-at-guests.sh", ...args));
      answers.push(...(await Promise.all(looks)));
    }),
  );
  const running = answers.join("").match(/^ActiveState=active$/gm)?.length ?? 0;
  if (running === guestCount) return measured;
  throw new ToolError(`bench/look-at-guests.sh found ${running} guests that run, not ${guestCount}`);
}

type Ways = Readonly<
  Record<"pulumi" | "nothing", () => Promise<ProjectRun>> &
    Record<"script" | "atOnce", () => Promise<Measured>>
>;

/** The figures of some comparisons, of which there is at least one. */
export function figuresOf({ pulumi, script, atOnce, nothing }: Turns<Ways>): Figure[] {
  const seconds = (name: string, runs: readonly Measured[]): Figure =>
    figureOfRuns(
      name,
      runs.map((run) => run.seconds),
      { unit: "s" },
    );
  return [
    seconds("refresh.pulumi", pulumi),
    seconds("refresh.script", script),
    ratioOfRuns("refresh.ratio", [pulumi, script], { goal: { kind: "at most", value: 1.3 } }),
    seconds("refresh.script.at-once", atOnce),
    ratioOfRuns("refresh.ratio.at-once", [pulumi, atOnce]),
    seconds("refresh.nothing", nothing),
    figureOfRuns(
      "refresh.pulumi.cpu",
      pulumi.map(({ cpuSeconds }) => cpuSeconds),
      { unit: "s" },
    ),
    figureOfRuns(
      "refresh.nothing.cpu",
      nothing.map(({ cpuSeconds }) => cpuSeconds),
      { unit: "s" },
    ),
    figureOfRuns(
      "refresh.pulumi.round-trips",
      pulumi.map(({ trace }) => trace.roundTrips),
    ),
    figureOfRuns(
      "refresh.pulumi.connections-per-host",
      pulumi.map(({ trace }) => maximum([...trace.dials.values()])),
      { goal: { kind: "exactly", value: 1 } },
    ),
  ];
}
