import { answer, isQuick, lookAhead, parseAnswers, type Artifact } from "../host/artifact.ts";
import type { Host } from "../host-program/host.ts";
import { prelude } from "../host/prelude.ts";
import { Script, sh } from "../host/script.ts";
import { observeScript } from "./observation.ts";
import { runWatched } from "./progress.ts";
import { limitOf, type Thing } from "./thing.ts";

interface Look {
  readonly thing: Thing;
  readonly artifacts: readonly Artifact[];
  readonly resolve: (stdout: string) => void;
  readonly reject: (error: unknown) => void;
}

const due = new WeakMap<Host, Look[]>();

/** The engine's calls of one moment come a few at a time. */
const tickMilliseconds = 5;

/** What `observeScript` prints. Looks that are due on a host in one tick travel together as one script. */
export async function look(thing: Thing, artifacts: readonly Artifact[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const others = due.get(thing.host);
    const mine = { thing, artifacts, resolve, reject };
    if (others) {
      others.push(mine);
      return;
    }
    due.set(thing.host, [mine]);
    setTimeout(() => {
      const looks = due.get(thing.host) ?? [];
      due.delete(thing.host);
      void lookTogether(looks);
    }, tickMilliseconds);
  });
}

async function lookTogether(looks: readonly Look[]): Promise<void> {
  const [first] = looks;
  if (!first) return;
  if (looks.length === 1) {
    await lookAlone(first);
    return;
  }
  try {
    const stdout = await lookAt(looks, togetherScript(looks));
    const sections = stdout.split("\u001d");
    const byIndex = new Map(sections.map((section) => [section.slice(0, section.indexOf("\n")), section]));
    await Promise.all(
      looks.map(async (mine, index) => {
        const section = byIndex.get(String(index)) ?? "";
        if (parseAnswers(section).get("exit code")?.trim() === "0") mine.resolve(section);
        else await lookAlone(mine); // for its own words
      }),
    );
  } catch (error) {
    for (const { reject } of looks) reject(error);
  }
}

async function lookAlone(mine: Look): Promise<void> {
  const { thing, artifacts } = mine;
  try {
    mine.resolve(await lookAt([mine], Script.join([lookAhead(artifacts), observeScript(thing, artifacts)])));
  } catch (error) {
    mine.reject(error);
  }
}

async function lookAt(looks: readonly Look[], script: Script): Promise<string> {
  const things = looks.map(({ thing }) => thing);
  const [first] = things;
  if (!first) return "";
  const others = things.length > 1 ? ` and ${String(things.length - 1)} more` : "";
  const limit = Math.max(...things.map((thing) => limitOf(thing, "lookSeconds")));
  return runWatched(
    { host: first.host, log: first.log, doing: `looking at ${first.label}${others}` },
    Script.join([prelude, script]),
    { repeatable: true, timeoutSeconds: limit },
  );
}

/** What takes no time is looked at first, in turn; what asks a cluster or reads much, side by side. */
function togetherScript(looks: readonly Look[]): Script {
  const sections = looks.map(({ thing, artifacts }, index) => ({
    index,
    quick: artifacts.every(isQuick) && !thing.resource.report,
    script: observeScript(thing, artifacts),
  }));
  return Script.join([
    lookAhead(looks.flatMap(({ artifacts }) => artifacts)),
    sh`set +e`,
    ...sections.filter(({ quick }) => quick).map(inTurn),
    ...sections.filter(({ quick }) => !quick).map(besideOthers),
    sh`wait`,
  ]);
}

interface Section {
  readonly index: number;
  readonly script: Script;
}

/** In this very shell: to begin another takes longer than all that it would do. */
function inTurn({ index, script }: Section): Script {
  return sh`printf '\035%s\n' ${String(index)}
${script}
${answer("exit code", sh`echo 0`)}`;
}

/** Each prints all it has at once; the lock, on this script's process, keeps their lines apart. */
function besideOthers({ index, script }: Section): Script {
  return sh`(
printed=$(set -e
${script}
)
code=$?
exec 9</proc/$$
flock 9
printf '\035%s\n%s\n' ${String(index)} "$printed"
${answer("exit code", sh`echo $code`)}
) &`;
}
