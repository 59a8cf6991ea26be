import { textProblem } from "../validation/text.ts";
import { artifact, type Artifact, type Kind } from "./artifact.ts";
import type { Spec } from "../host-program/wire.ts";
import { fileDifferences, sha256 } from "./files.ts";

/** Where an administrator's units live. */
export const unitDirectory = "/etc/systemd/system";

/** What a unit is like on a host. */
export type UnitState = Readonly<{
  /** "active", "failed", as systemd says it. */
  active: string;
  /** "enabled", "masked", as `systemctl is-enabled` says it; empty where it has no unit file. */
  enabled: string;
  /** systemd knows it from another file than there is on disk now. */
  needsReload: boolean;
  /** The paths of what people added to its file. */
  dropIns: readonly string[];
}>;

/** What is wrong with a unit that is to be active and enabled, each as a predicate. */
export function unitDifferences({ active, enabled, needsReload, dropIns }: UnitState): readonly string[] {
  return [
    ...(active === "active" ? [] : [`is ${active}`]),
    ...(enabled === "enabled" ? [] : [`is ${enabled || "not installed"}, not enabled`]),
    ...(needsReload ? ["runs with an older unit file than the one on disk"] : []),
    ...changedBy(dropIns),
  ];
}

/** Whether to put such a unit right interrupts what it serves: what is only not enabled is enabled. */
export function unitDisturbs(state: UnitState | null): boolean {
  return state?.active !== "active" || state.needsReload || state.dropIns.length > 0;
}

/** What is said of a unit that is not there. */
export const unitMissing = "is neither active nor enabled";

function changedBy(dropIns: readonly string[]): string[] {
  return dropIns.length === 0 ? [] : [`is changed by ${dropIns.join(", ")}`];
}

const unitTitle = (name: string): string => `unit ${name}`;

type FileSpec = Parameters<typeof fileDifferences>[0] & { readonly content: string };
type FileState = Parameters<typeof fileDifferences>[1];

const unitFileKind: Kind<FileSpec, FileState> = {
  name: "unit-file",
  title: (path) => `file ${path}`,
  differences: fileDifferences,
  disturbs: ({ content }, state) =>
    state === null || !("digest" in state) || state.digest !== sha256(content),
};

const unitKind: Kind<{ besides: readonly string[]; killAfterSeconds?: number }, UnitState> = {
  name: "unit",
  title: unitTitle,
  differences: (_spec, state) => unitDifferences(state),
  missing: () => unitMissing,
  disturbs: (_spec, state) => unitDisturbs(state),
  serves: true,
};

const passiveUnitKind: Kind<Spec, Pick<UnitState, "dropIns">> = {
  name: "passive-unit",
  title: unitTitle,
  differences: (_spec, { dropIns }) => changedBy(dropIns),
};

/**
 * A unit file of ours, or a drop-in: `ceph-mgr@.service.d/torocloud.conf`. systemd hears of a unit when one that follows it is
 * started, of a drop-in at once, where a loaded unit has it.
 */
export function unitFile(name: string, content: string): Artifact {
  return artifact(unitFileKind, `${unitDirectory}/${name}`, {
    spec: { content, mode: "644", owner: "root:root" },
  });
}

/**
 * A unit that is enabled and active, restarted when what it follows changes. With `killAfterSeconds`, it is killed where it has
 * not stopped by then when it is removed.
 */
export function runningUnit(
  name: string,
  follows: readonly Artifact[] = [],
  { killAfterSeconds }: { readonly killAfterSeconds?: number } = {},
): Artifact {
  const besides = unitsIn(follows).filter((other) => other !== name);
  return artifact(unitKind, name, {
    spec: { besides, ...(killAfterSeconds !== undefined && { killAfterSeconds }) },
    follows,
  });
}

/** The units whose files systemd must know as they are now when another one that follows them is started. */
export function unitsIn(follows: readonly Artifact[]): string[] {
  const names = follows.flatMap(({ kind, key }) => {
    if (kind.name === unitKind.name || kind.name === passiveUnitKind.name) return [key];
    const name = key.slice(unitDirectory.length + 1);
    return kind.name === unitFileKind.name && !name.includes("/") ? [name] : [];
  });
  return [...new Set(names)];
}

/**
 * A unit that others start when they need it, such as a slice. Nobody waits for it, but what a person adds to it is seen; it
 * is stopped when the resource goes.
 */
export function passiveUnit(name: string): Artifact {
  return artifact(passiveUnitKind, name, { spec: {}, whose: "shared" });
}

/**
 * `argv` as ExecStart= takes it: each argument one word, nothing expanded (systemd.service(5), "Command lines") but
 * `${NAME}` for the names in `environment`. Throws for what no unit file can say: a program without its whole path, whose
 * first characters would be read as options, and text that is none.
 */
export function execLine(argv: readonly string[], environment: readonly string[] = []): string {
  if (argv[0]?.startsWith("/") !== true)
    throw new Error(`${String(argv[0])} is no absolute path of a program`);
  return argv.map((word) => execWord(word, environment)).join(" ");
}

function execWord(word: string, environment: readonly string[]): string {
  const problem = textProblem(word);
  if (problem !== undefined) throw new Error(`an argument with ${problem} cannot stand in a unit file`);
  const escapedDollars = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  const literal = environment.reduce(
    (text, name) => text.replaceAll(`$$\{${name}}`, () => `\${${name}}`),
    escapedDollars,
  );
  if (/^[\w@%+=:,./$-]+$/.test(literal)) return literal;
  const escaped = literal.replaceAll(/["\\]/g, "\\$&").replaceAll(unreadable, hexadecimal);
  return `"${escaped}"`;
}

/** What would end the line, or make systemd drop it: control characters and Unicode's noncharacters. */
const unreadable = /[\p{Control}\p{Noncharacter_Code_Point}]/gu;

function hexadecimal(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
