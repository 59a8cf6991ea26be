import type { Stack } from "../cloud/support/stack.ts";
import { writeFolder, type Settings, type Workspace } from "../cloud/support/workspace.ts";
import { disagreements } from "./agreement.ts";
import { disturb } from "./disturb.ts";
import type { Configuration, Disturbance, Round } from "./plan.ts";
import { type, untilBegun } from "./typed-command.ts";
import type { Witness } from "./witness.ts";

/** What became of a round. */
export interface Result {
  readonly round: Round;
  /** Whether the disturbance met a command that was still at work. */
  readonly inTime: boolean;
  readonly converged: boolean;
  /** From the disturbance to the end of the command that succeeded. */
  readonly seconds: number;
  /** How often the command was typed after that. */
  readonly attempts: number;
  /** What was wrong on the way, or still is. */
  readonly findings: readonly string[];
}

/** The example cloud that a campaign is about. */
export interface Subject {
  readonly workspace: Workspace;
  readonly cloud: Stack;
  /** What the stack's configuration says whatever the round. */
  readonly settings: Settings;
  readonly witness: Witness;
  readonly say: (line: string) => void;
}

type Verb = "up" | "destroy";

/** What a story does before, what it disturbs, and what is typed afterwards; each ends with the cloud up. */
const stories: Readonly<Record<Round["story"], Story>> = {
  "first up": { before: [], disturbed: "up", after: ["up"] },
  update: { before: [], disturbed: "up", after: ["up"] },
  "update, undone": { before: [], disturbed: "up", after: ["up"], undone: true },
  destroy: { before: [], disturbed: "destroy", after: ["destroy", "up"] },
  "destroy, undone": { before: [], disturbed: "destroy", after: ["up"] },
  "up again": { before: ["destroy"], disturbed: "up", after: ["up"] },
  "up again, undone": { before: ["destroy"], disturbed: "up", after: ["destroy", "up"] },
};

interface Story {
  readonly before: readonly Verb[];
  readonly disturbed: Verb;
  readonly after: readonly Verb[];
  /** The configuration goes back to what it was. */
  readonly undone?: boolean;
}

const maxAttempts = 5;

/** Plays rounds on one cloud, one after the other. */
export class Campaign {
  private readonly subject: Subject;
  private configuration: Configuration;

  constructor(subject: Subject, configuration: Configuration) {
    this.subject = subject;
    this.configuration = configuration;
  }

  /** Brings the cloud up without disturbing it, with files that are to stay as they are. */
  async prepare(): Promise<void> {
    await this.configure(this.configuration);
    const { findings } = await this.repeat("up", []);
    const wrong = [...findings, ...(await this.check())];
    if (wrong.length > 0) throw new Error(`the cloud does not come up undisturbed:\n${wrong.join("\n")}`);
    await this.subject.witness.add("undisturbed");
  }

  /** One round, to its end. */
  async play(round: Round): Promise<Result> {
    const { before, disturbed, after, undone } = stories[round.story];
    const findings: string[] = [];
    const former = this.configuration;
    for (const verb of before) findings.push(...(await this.repeat(verb, [])).findings);
    await this.configure(round.configuration);
    const inTime = await this.disturbed(disturbed, round);
    if (undone === true) await this.configure(former);
    const began = performance.now();
    let attempts = 0;
    let seconds = 0;
    for (const [index, verb] of after.entries()) {
      const repeated = await this.repeat(verb, findings);
      if (index === 0) {
        seconds = (performance.now() - began) / 1000;
        attempts = repeated.attempts;
      }
      const wrong = await this.check();
      findings.push(...wrong.map((line) => `after ${verb}: ${line}`));
      if (repeated.gaveUp || wrong.length > 0) {
        return { round, inTime, converged: false, seconds, attempts, findings };
      }
    }
    await this.subject.witness.add(`round-${round.seed}`);
    return { round, inTime, converged: true, seconds, attempts, findings };
  }

  private async disturbed(verb: Verb, round: Round): Promise<boolean> {
    const { workspace, cloud, say } = this.subject;
    const command = type(workspace, cloud, verb);
    const inTime = await untilBegun(command, round.moment.begun, round.moment.delayMs);
    await disturb(workspace.lab, round, command);
    const { exitCode } = await command.ended;
    say(`  ${verb}: ${round.disturbance}${inTime ? "" : ", too late"}; it ended with exit code ${exitCode}`);
    return inTime;
  }

  /** Types a command until it succeeds, or too often; says what each failure said. */
  private async repeat(
    verb: Verb,
    findings: string[],
  ): Promise<{ attempts: number; gaveUp: boolean; findings: readonly string[] }> {
    const { workspace, cloud, say } = this.subject;
    for (let attempts = 1; ; attempts++) {
      const { exitCode, output, seconds } = await type(workspace, cloud, verb).ended;
      const told = output.split("\n").filter((line) => line.startsWith("torocloud: "));
      for (const line of told) say(`  ${line}`);
      say(`  ${verb} ended with exit code ${exitCode} after ${seconds.toFixed(0)} s`);
      if (exitCode === 0) return { attempts, gaveUp: false, findings };
      const why = `${verb}, typed again (${attempts}), failed: ${errorsIn(output)}`;
      say(`  ${why}`);
      findings.push(why);
      if (attempts >= maxAttempts) return { attempts, gaveUp: true, findings };
    }
  }

  /** Whether state, program and hosts agree, and the data is there. */
  private async check(): Promise<readonly string[]> {
    const { workspace, cloud, witness, say } = this.subject;
    const found = [...(await disagreements(workspace, cloud))];
    const up = (await cloud.resources()).length > 0;
    if (up) {
      for (const command of ["refresh", "preview"] as const) {
        const { exitCode, output } = await cloud.run(command, { args: ["--expect-no-changes"] });
        if (exitCode !== 0) found.push(`${command} finds something: ${errorsIn(output)}`);
      }
      found.push(...(await witness.check()), ...(await this.pages()));
    }
    for (const line of found) say(`  wrong: ${line}`);
    return found;
  }

  private async pages(): Promise<readonly string[]> {
    const { web = [] } = (await this.subject.cloud.output("urls")) as { web?: string[] };
    const answers = web.map(async (url) => {
      const text = await fetch(url, { signal: AbortSignal.timeout(20_000) }).then(
        async (response) => response.text(),
        String,
      );
      return text.includes(this.configuration.edition) ? [] : [`${url} says: ${text.slice(0, 200)}`];
    });
    return (await Promise.all(answers)).flat();
  }

  private async configure(configuration: Configuration): Promise<void> {
    const { workspace, cloud, settings } = this.subject;
    this.configuration = configuration;
    const { edition, ...values } = configuration;
    const site = await writeFolder(workspace, "kill-site", { "index.html": `<h1>${edition}</h1>\n` });
    await cloud.configure({ ...settings, ...values, "torocloud:onDelete": "keepData", site });
  }
}

/** The lines with which a run of Pulumi tells why it failed. */
function errorsIn(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const from = lines.findIndex((line) => line === "Diagnostics:");
  const wanted = lines.slice(from + 1).filter((line) => line !== "" && !line.startsWith("@ "));
  return wanted.slice(0, 40).join(" | ").slice(0, 3000);
}

/** How each kind of disturbance went. */
export function tableOf(results: readonly Result[]): readonly (readonly string[])[] {
  const kinds: readonly (Disturbance | "all")[] = [
    ...new Set(results.map(({ round }) => round.disturbance)),
    "all",
  ];
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return [
    [
      "disturbance",
      "rounds",
      "in time",
      "converged",
      "seconds, mean",
      "longest",
      "typed again, mean",
      "most",
    ],
    ...kinds.map((kind) => {
      const some = results.filter(({ round }) => kind === "all" || round.disturbance === kind);
      const seconds = some.map((one) => one.seconds);
      const attempts = some.map((one) => one.attempts);
      return [
        kind,
        String(some.length),
        String(some.filter(({ inTime }) => inTime).length),
        String(some.filter(({ converged }) => converged).length),
        mean(seconds).toFixed(0),
        Math.max(...seconds).toFixed(0),
        mean(attempts).toFixed(1),
        String(Math.max(...attempts)),
      ];
    }),
  ];
}
