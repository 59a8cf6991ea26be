import { ToolError } from "../errors.ts";
import { step } from "../report.ts";
import type { Context } from "./context.ts";
import { figureOfRuns, ratioOfRuns, type Figure } from "./figure.ts";
import { expectAll, openGuests, openNothing } from "./guest-fleet.ts";
import { measure, type Measured } from "./measure.ts";
import type { PlainHosts } from "./plain-hosts.ts";
import type { Project, ProjectRun } from "./project.ts";
import { maximum } from "./statistics.ts";
import { takeTurns, type Turns } from "./turns.ts";

const count = 100;

/** How long making took, and taking away again. */
interface Life<Making extends Measured = Measured> {
  readonly making: Making;
  readonly removing: Measured;
  /** What making took of all hosts' processors. */
  readonly hostCpuSeconds: number;
}

/** Makes many small resources on two hosts with Pulumi and with a script per host, and compares. */
export async function benchmarkCreate(context: Context): Promise<readonly Figure[]> {
  const hosts = await context.plainHosts();
  const [guests, nothing] = [await openGuests(hosts, count), await openNothing(hosts, count)];
  try {
    const made = { pulumi: new Set<string>(), script: new Set<string>() };
    const turns = await takeTurns(context.runs, {
      pulumi: async () => pulumiLife(guests, hosts, async () => made.pulumi.add(await listGuests(hosts))),
      script: async () => scriptLife(hosts, async () => made.script.add(await listGuests(hosts))),
      nothing: async () => pulumiLife(nothing, hosts),
    });
    if (new Set([...made.pulumi, ...made.script]).size > 1) {
      throw new ToolError("bench/make-guests.sh makes other units than the provider does: compare them");
    }
    return figuresOf(turns);
  } finally {
    await Promise.all([guests.close(), nothing.close()]);
  }
}

async function pulumiLife(
  project: Project,
  hosts: PlainHosts,
  look?: () => Promise<unknown>,
): Promise<Life<ProjectRun>> {
  const before = await hostCpu(hosts);
  const making = await project.run("up");
  const hostCpuSeconds = (await hostCpu(hosts)) - before;
  expectAll(making, "create", count);
  await look?.();
  return { making, removing: await project.run("destroy"), hostCpuSeconds };
}

async function scriptLife(hosts: PlainHosts, look: () => Promise<unknown>): Promise<Life> {
  const before = await hostCpu(hosts);
  const making = await byScript(hosts, "Making the guests with a script");
  const hostCpuSeconds = (await hostCpu(hosts)) - before;
  await look();
  return {
    making,
    removing: await byScript(hosts, "Removing them with a script", "--remove"),
    hostCpuSeconds,
  };
}

async function hostCpu({ names, script }: PlainHosts): Promise<number> {
  const seconds = await Promise.all(names.map(async (host) => Number(await script(host, "host-cpu.sh"))));
  return seconds.reduce((total, each) => total + each, 0);
}

/** Both hosts at once, as the program declares its guests on them in turn. */
async function byScript(
  { names, script }: PlainHosts,
  title: string,
  ...options: readonly string[]
): Promise<Measured> {
  const guests = Array.from({ length: count }, (_, index) => `bench-${index}`);
  const on = (place: number): string[] => guests.filter((_, index) => index % names.length === place);
  return step(title, async () =>
    measure(async () =>
      Promise.all(names.map(async (host, place) => script(host, "make-guests.sh", ...options, ...on(place)))),
    ),
  );
}

/** Files and states of all the guests' units. Throws ToolError unless all run. */
async function listGuests({ names, script }: PlainHosts): Promise<string> {
  const lists = await Promise.all(names.map(async (host) => script(host, "list-guests.sh")));
  const active = lists.join("").match(/^torocloud-guest-\S+\.service active enabled$/gm)?.length ?? 0;
  if (active === count) return lists.join("");
  throw new ToolError(`${active} of ${count} guests are active and enabled`);
}

type Ways = Readonly<
  Record<"pulumi" | "nothing", () => Promise<Life<ProjectRun>>> & Record<"script", () => Promise<Life>>
>;

/** The figures of some comparisons, of which there is at least one. */
export function figuresOf({ pulumi, script, nothing }: Turns<Ways>): Figure[] {
  const making = (lives: readonly Life[]): Measured[] => lives.map((life) => life.making);
  const removing = (lives: readonly Life[]): Measured[] => lives.map((life) => life.removing);
  const seconds = (name: string, runs: readonly Measured[]): Figure =>
    figureOfRuns(
      name,
      runs.map((run) => run.seconds),
      { unit: "s" },
    );
  return [
    seconds("create.pulumi", making(pulumi)),
    seconds("create.script", making(script)),
    seconds("create.nothing", making(nothing)),
    ratioOfRuns("create.ratio", [making(pulumi), inTurn(making(nothing), making(script))], {
      goal: { kind: "at most", value: 1.25 },
    }),
    ratioOfRuns("create.ratio.script", [making(pulumi), making(script)]),
    ...hostFigures(pulumi, script),
    figureOfRuns(
      "create.pulumi.cpu",
      making(pulumi).map(({ cpuSeconds }) => cpuSeconds),
      { unit: "s" },
    ),
    figureOfRuns(
      "create.pulumi.round-trips-per-resource",
      pulumi.map((life) => life.making.trace.roundTrips / count),
      { goal: { kind: "at most", value: 2 } },
    ),
    figureOfRuns(
      "create.pulumi.connections-per-host",
      pulumi.map((life) => maximum([...life.making.trace.dials.values()])),
      { goal: { kind: "exactly", value: 1 } },
    ),
    seconds("create.destroy", removing(pulumi)),
    seconds("create.destroy.script", removing(script)),
    seconds("create.destroy.nothing", removing(nothing)),
    ratioOfRuns("create.destroy.ratio", [removing(pulumi), inTurn(removing(nothing), removing(script))], {
      goal: { kind: "at most", value: 1.25 },
    }),
  ];
}

function hostFigures(pulumi: readonly Life[], script: readonly Life[]): Figure[] {
  return [
    figureOfRuns(
      "create.pulumi.host-cpu-per-resource",
      pulumi.map(({ hostCpuSeconds }) => (1000 * hostCpuSeconds) / count),
      { unit: "ms", goal: { kind: "at most", value: 20.8 } },
    ),
    figureOfRuns(
      "create.script.host-cpu-per-resource",
      script.map(({ hostCpuSeconds }) => (1000 * hostCpuSeconds) / count),
      { unit: "ms" },
    ),
    figureOfRuns(
      "create.host-cpu.ratio",
      pulumi.map(({ hostCpuSeconds }, run) => hostCpuSeconds / (script[run]?.hostCpuSeconds ?? NaN)),
      { goal: { kind: "at most", value: 1.6 } },
    ),
  ];
}

/** What one way took and then the other, run by run: the engine with resources that do nothing, and the work itself. */
function inTurn(one: readonly Measured[], other: readonly Measured[]): Pick<Measured, "seconds">[] {
  return one.map(({ seconds }, run) => ({ seconds: seconds + (other[run]?.seconds ?? NaN) }));
}
