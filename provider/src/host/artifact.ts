import type { Readable } from "node:stream";
import { Script, sh } from "./script.ts";

/**
 * One thing on a host that can be looked at, made and removed: a file, a unit's state, a user, a key in a
 * cluster. A resource is a list of them, so observing, repairing and removing are written once, here.
 */
export interface Artifact {
  /** What a person calls it, as it reads in errors and drift: "file /etc/ceph/ceph.conf". */
  readonly what: string;
  /**
   * Prints what is there on standard output, nothing when it is absent. Changes nothing. Exit code 75 says that it could not
   * be asked, which is an error; any other means nothing.
   */
  readonly probe: Script;
  /** What the probe asks `unit_state`, `drop_ins` and `file_state` about, and it does nothing else: many are answered at once. */
  readonly asks?: { readonly units?: readonly string[]; readonly files?: readonly string[] };
  /** What `probe` prints when all is as declared, white space folded. */
  readonly expected: string;
  /** Makes it so, from whatever is there; `$found` is what the probe printed. */
  readonly apply: Script;
  /** Gone already is gone. Left out for what must outlive us, such as a Debian package. */
  readonly remove?: Script;
  /** Where people's data lies in it: kept on removal unless they asked for its destruction. */
  readonly data?: string;
  /** Also others may have made it, and it says nothing about who owns the resource: a directory, a package. */
  readonly common?: boolean;
  /** When something common that is there, and not as declared, is in the way: it is refused and left alone, unless the resource is ours. */
  readonly inTheWay?: "until adopted" | "always";
  /** Applied again whenever one of these is: a service, its unit file. */
  readonly follows?: readonly Artifact[];
  /** What `apply` reads on standard input; at most one artifact of a resource has it. */
  readonly payload?: () => Readable;
  /**
   * A lighter way to put such a difference right, of which nothing that follows need hear: to set a file's mode, to enable
   * what runs. Not taken where what it follows itself was applied.
   */
  readonly mend?: (actual: string) => Script | undefined;
  /** What is said of it when it is absent; "is missing" when left out. */
  readonly missing?: string;
  /** Puts a difference into words; without it, the two values stand side by side. */
  readonly explain?: (actual: string) => string;
}

const nothing = sh``;

/** Something that comes by itself (a log, a slice): nobody makes or looks at it, and it goes with the resource. */
export function leftover({
  what,
  remove,
  data,
}: Pick<Artifact, "what" | "data"> & { remove: Script }): Artifact {
  return {
    what,
    probe: nothing,
    expected: "",
    apply: nothing,
    remove,
    common: true,
    ...(data !== undefined && { data }),
  };
}

/** An artifact that is not as declared. */
export interface Drift {
  readonly artifact: Artifact;
  /** What is there instead; empty when it is absent. */
  readonly actual: string;
}

/** Whether nobody makes or looks at it. */
export function comesByItself({ probe }: Artifact): boolean {
  return probe === nothing;
}

/** Whether a look at it costs next to nothing once units and files have been looked at together. */
export function isQuick(artifact: Artifact): boolean {
  return comesByItself(artifact) || artifact.asks !== undefined;
}

/** Looks at all units and files that the artifacts' probes ask about. */
export function lookAhead(artifacts: readonly Artifact[]): Script {
  const units = unique(artifacts.flatMap(({ asks }) => asks?.units ?? []));
  const files = unique(artifacts.flatMap(({ asks }) => asks?.files ?? []));
  return Script.join([
    units.length > 0 ? sh`look_at_units ${units}` : undefined,
    files.length > 0 ? sh`look_at_files ${files}` : undefined,
  ]);
}

const unique = (words: readonly string[]): string[] => [...new Set(words)];

/** Prints what a script prints, so that {@link parseAnswers} finds it again among others'. */
export function answer(name: string, script: Script): Script {
  return sh`printf '\036%s\n' ${name}
${script}`;
}

/** What was printed under each name. */
export function parseAnswers(stdout: string): ReadonlyMap<string, string> {
  const parts = stdout.split("\u001e").map((part) => [part, part.indexOf("\n")] as const);
  return new Map(parts.map(([part, end]) => [part.slice(0, end), part.slice(end + 1)]));
}

/** A probe that may do anything, and fail. */
function apart({ what, probe }: Artifact): Script {
  return sh`( ${probe}
) </dev/null || [ $? != 75 ] || { echo ${`${what} could not be looked at`} >&2; exit 1; }`;
}

/** Runs each artifact's probe; {@link parseActuals} reads what they print. */
export function probeScript(artifacts: readonly Artifact[]): Script {
  return Script.join(
    artifacts.map((artifact, index) =>
      comesByItself(artifact)
        ? undefined
        : answer(String(index), isQuick(artifact) ? artifact.probe : apart(artifact)),
    ),
  );
}

/** What the probes printed, in the artifacts' order, white space folded. */
export function parseActuals(artifacts: readonly Artifact[], answers: ReadonlyMap<string, string>): string[] {
  return artifacts.map((_, index) => (answers.get(String(index)) ?? "").replaceAll(/[\n\t ]+/g, " ").trim());
}

/** The artifacts that are not as declared, each with what is there instead. */
export function driftOf(artifacts: readonly Artifact[], actuals: readonly string[]): Drift[] {
  return artifacts
    .map((artifact, index) => ({ artifact, actual: actuals[index] ?? "" }))
    .filter(({ artifact, actual }) => actual !== artifact.expected);
}

/** One sentence for a person. */
export function explainDrift({ artifact, actual }: Drift): string {
  if (actual === "") return `${artifact.what} ${artifact.missing ?? "is missing"}`;
  return `${artifact.what} ${artifact.explain?.(actual) ?? `is ${actual}, not ${artifact.expected}`}`;
}

/** The drifted artifacts and those that follow them, in declared order. */
export function toApply(artifacts: readonly Artifact[], drifts: readonly Drift[]): Drift[] {
  const applied = new Set<Artifact>();
  const drifted = new Map(drifts.map((drift) => [drift.artifact, drift]));
  return artifacts.flatMap((artifact) => {
    const pulled = artifact.follows?.some((other) => applied.has(other));
    const drift = drifted.get(artifact) ?? (pulled ? { artifact, actual: artifact.expected } : undefined);
    if (!drift) return [];
    const mended = pulled ? undefined : mend(drift);
    if (!mended) applied.add(artifact);
    return [mended ?? drift];
  });
}

/** The lighter way to put it right, if there is one. */
function mend({ artifact, actual }: Drift): Drift | undefined {
  const apply = actual === artifact.expected ? undefined : artifact.mend?.(actual);
  if (!apply) return undefined;
  const { what, probe, expected } = artifact;
  return { artifact: { what, probe, expected, apply }, actual };
}

/** Applies in order; says what it was at when it fails. Standard output stays free for what comes after. */
export function applyScript(drifts: readonly Drift[]): Script {
  return Script.join(
    drifts.flatMap(({ artifact, actual }) => {
      if (comesByItself(artifact)) return [];
      const body = sh`found=${actual}
step ${`making ${artifact.what}`}
{ ${artifact.apply}
} >&2`;
      return artifact.payload ? body : sh`${body} </dev/null`;
    }),
  );
}

/** Removes in reverse order; what holds data only when its destruction was asked for. */
export function removeScript(artifacts: readonly Artifact[], destroyData: boolean): Script {
  const removals = artifacts
    .filter(({ data }) => data === undefined || destroyData)
    .flatMap(({ what, remove }) => (remove ? [{ what, remove }] : []))
    .reverse();
  return Script.join(
    removals.map(
      ({ what, remove }) => sh`step ${`removing ${what}`}
{ ${remove}
} >&2 </dev/null`,
    ),
  );
}
