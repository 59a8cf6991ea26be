import { availableParallelism } from "node:os";
import { step } from "../report.ts";
import type { Context } from "./context.ts";
import { figureOfRuns, ratioOfRuns, type Figure } from "./figure.ts";
import { expectAll, guestCount } from "./guest-fleet.ts";
import { measure, type Measured } from "./measure.ts";
import type { PlainHosts } from "./plain-hosts.ts";
import type { Project, ProjectRun } from "./project.ts";
import { takeTurns, type Turns } from "./turns.ts";

/** How many operations Pulumi has under way at once unless told otherwise. */
const atOnce = 4 * availableParallelism();

/** Compares programs in which nothing changed: with resources that do nothing, and with commands over SSH. */
export async function benchmarkPreview(context: Context): Promise<readonly Figure[]> {
  const { hosts, guests, nothing } = await context.guests();
  const unchanged = async (project: Project, command: "preview" | "up"): Promise<ProjectRun> => {
    const run = await project.run(command);
    expectAll(run, "same", guestCount);
    return run;
  };
  const turns = await takeTurns(context.runs, {
    pulumi: async () => unchanged(guests, "preview"),
    nothing: async () => unchanged(nothing, "preview"),
    up: async () => unchanged(guests, "up"),
    upOfNothing: async () => unchanged(nothing, "up"),
    commands: async () => askByCommands(hosts),
  });
  return figuresOf(turns);
}

/** One command for each guest, each with a connection of its own. */
async function askByCommands({ names, script }: PlainHosts): Promise<Measured> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < guestCount) {
      const number = next;
      next += 1;
      const host = names[number % names.length] ?? "";
      await script(host, "ask-about-unit.sh", `torocloud-guest-bench-${number}.service`);
    }
  };
  return step("Asking about each guest over a connection of its own", async () =>
    measure(async () => Promise.all(Array.from({ length: atOnce }, work))),
  );
}

type Ways = Readonly<
  Record<"pulumi" | "nothing" | "up" | "upOfNothing", () => Promise<ProjectRun>> &
    Record<"commands", () => Promise<Measured>>
>;

/** The figures of some comparisons, of which there is at least one. */
export function figuresOf({ pulumi, nothing, up, upOfNothing, commands }: Turns<Ways>): Figure[] {
  const seconds = (name: string, runs: readonly Measured[]): Figure =>
    figureOfRuns(
      name,
      runs.map((run) => run.seconds),
      { unit: "s" },
    );
  const cpu = (name: string, runs: readonly Measured[]): Figure =>
    figureOfRuns(
      name,
      runs.map((run) => run.cpuSeconds),
      { unit: "s" },
    );
  const roundTrips = up.map(({ trace }) => trace.roundTrips);
  return [
    seconds("preview.pulumi", pulumi),
    seconds("preview.nothing", nothing),
    ratioOfRuns("preview.ratio", [pulumi, nothing], { goal: { kind: "at most", value: 1.1 } }),
    cpu("preview.pulumi.cpu", pulumi),
    cpu("preview.nothing.cpu", nothing),
    seconds("preview.up", up),
    seconds("preview.up.nothing", upOfNothing),
    seconds("preview.commands", commands),
    ratioOfRuns("preview.commands.ratio", [commands, up], { goal: { kind: "at least", value: 5 } }),
    figureOfRuns("preview.up.round-trips", roundTrips, { goal: { kind: "exactly", value: 0 } }),
  ];
}
