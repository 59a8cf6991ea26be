import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Readable } from "node:stream";
import { artifact, type Artifact, type Kind } from "./artifact.ts";
import type { Spec } from "../host-program/wire.ts";

/** Mode and owner of what is there, or where the symbolic link leads that is there instead. */
export type Ownership = { readonly mode: string; readonly owner: string } | { readonly link: string };

/** What is there of a file; the digest is its content's SHA-256. */
export type FileState =
  { readonly mode: string; readonly owner: string; readonly digest: string } | { readonly link: string };

/** What a file is to be: its content, or the digest of what is sent. */
type FileSpec = Readonly<{
  mode: string;
  owner: string;
  content?: string;
  digest?: string;
}>;

interface Options {
  /** Octal, without a leading zero: "644". */
  readonly mode?: string;
  /** user:group */
  readonly owner?: string;
}

/** What is wrong with a file, each as a predicate. */
export function fileDifferences(spec: FileSpec, state: FileState): string[] {
  if ("link" in state) return [`is a symbolic link to ${state.link}, not a file`];
  return [
    ...(state.digest === digestOf(spec) ? [] : ["has other content"]),
    ...ownershipDifferences(spec, state),
  ];
}

function digestOf({ digest, content = "" }: FileSpec): string {
  return digest ?? sha256(content);
}

function ownershipDifferences({ mode, owner }: Required<Options>, state: Required<Options>): string[] {
  return [
    ...(state.mode === mode ? [] : [`has mode ${state.mode}, not ${mode}`]),
    ...(state.owner === owner ? [] : [`belongs to ${state.owner}, not ${owner}`]),
  ];
}

/** Mode and owner are set without anybody hearing of it. */
function contentDiffers(spec: FileSpec, state: FileState | null): boolean {
  return state === null || "link" in state || state.digest !== digestOf(spec);
}

const fileKind: Kind<FileSpec, FileState> = {
  name: "file",
  title: (path) => `file ${path}`,
  differences: fileDifferences,
  disturbs: contentDiffers,
};

const secretFileKind: Kind<FileSpec, FileState> = { ...fileKind, secrets: ["content"] };

const sentFileKind: Kind<FileSpec, FileState> = {
  name: "sent-file",
  title: (path) => `program ${path}`,
  differences: fileDifferences,
  disturbs: contentDiffers,
};

interface FileOptions extends Options {
  /** Whether its content is a secret, which no trace shows. */
  readonly secret?: boolean;
}

/** A file with exactly this content, mode and owner, written atomically. Its directory must be there. */
export function file(
  path: string,
  content: string,
  { mode = "644", owner = "root:root", secret = false }: FileOptions = {},
): Artifact {
  return artifact(secret ? secretFileKind : fileKind, path, { spec: { content, mode, owner } });
}

interface SentFile extends Options {
  /** SHA-256 of what is sent. */
  readonly digest: string;
  readonly payload: () => Readable;
}

/** A file whose content is sent apart, such as a program: the hosts need no way out. */
export function sentFile(
  path: string,
  { digest, payload, mode = "644", owner = "root:root" }: SentFile,
): Artifact {
  return artifact(sentFileKind, path, { spec: { digest, mode, owner }, payload });
}

type DirectorySpec = Required<Options>;

const directoryKind: Kind<DirectorySpec, Ownership> = {
  name: "directory",
  title: (path) => `directory ${path}`,
  differences: (spec, state) =>
    "link" in state
      ? [`is a symbolic link to ${state.link}, not a directory`]
      : ownershipDifferences(spec, state),
  disturbs: (_spec, state) => state === null || "link" in state,
};

/** A directory that others may use too: made with its parents, removed only when it is empty. */
export function directory(path: string, { mode = "755", owner = "root:root" }: Options = {}): Artifact {
  return artifact(directoryKind, path, { spec: { mode, owner }, whose: "adoptable" });
}

const ownDirectoryKind: Kind<DirectorySpec, Ownership> = { ...directoryKind, name: "own-directory" };

/** A directory that is ours alone, removed with all that is in it. Never one that is a mount or has one in it. */
export function ownDirectory(
  path: string,
  { mode = "755", owner = "root:root", data }: Options & { readonly data?: string } = {},
): Artifact {
  if (posix.resolve("/", path) !== path || path.split("/").length < 4)
    throw new Error(`${path} is no directory of ours`);
  return artifact(ownDirectoryKind, path, { spec: { mode, owner }, ...(data !== undefined && { data }) });
}

type UserState = Readonly<{
  shell: string;
  groups: readonly string[];
  /** Whether no password opens it. */
  locked: boolean;
}>;

const noLogin = "/usr/sbin/nologin";

const userKind: Kind<Spec, UserState> = {
  name: "user",
  title: (name) => `user ${name}`,
  differences: (_spec, { shell, groups, locked }) => [
    ...(shell === noLogin ? [] : [`has the shell ${shell}, not ${noLogin}`]),
    ...(groups.length > 1 ? [`is in the groups ${groups.slice(1).join(", ")} too`] : []),
    ...(locked ? [] : ["can log in with a password"]),
  ],
};

/** A system user without a login, and a group of the same name. */
export function systemUser(name: string): Artifact {
  return artifact(userKind, name, { spec: {} });
}

/** Lower-case hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
