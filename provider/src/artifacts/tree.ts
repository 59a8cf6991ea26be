import type { Readable } from "node:stream";
import { artifact, type Artifact, type Kind } from "./artifact.ts";

interface Tree {
  /** Where it is on the host. */
  readonly path: string;
  /** As `treeDigest` computes it. */
  readonly digest: string;
  /** Its files as `treeArchive` frames them; called only when they must be sent. */
  readonly archive: () => Readable;
  /** Kept on removal, unless the destruction of data was asked for. */
  readonly data?: string;
}

type TreeSpec = Readonly<{ digest: string }>;

type TreeState =
  /** A network file system without servers keeps whoever looks waiting. */
  | { readonly unanswered: true }
  /** All that is in it came from elsewhere. */
  | { readonly other: true }
  | {
      /** Of the files that came from here, as they are now. */
      readonly digest: string;
      /** Which of them are others than were brought, the first few; and how many more. */
      readonly changed: readonly string[];
      readonly more: number;
      /** The list of what came from here lies in the tree itself, where 0.1.0 kept it. */
      readonly listInside: boolean;
    };

const treeKind: Kind<TreeSpec, TreeState> = {
  name: "tree",
  title: (path) => `files in ${path}`,
  differences(spec, state) {
    if ("unanswered" in state) return ["cannot be looked at: no answer within 45 s"];
    if ("other" in state) return ["hold what did not come from here"];
    return [
      ...contentDifferences(spec, state),
      ...(state.listInside ? ["keep their list where guests see it"] : []),
    ];
  },
  missing: () => "are missing",
};

function contentDifferences(
  { digest }: TreeSpec,
  state: Extract<TreeState, { readonly digest: string }>,
): string[] {
  if (state.digest === digest) return [];
  const names = state.changed.map((name) => JSON.stringify(name));
  const changed = state.more > 0 ? [...names, "..."] : names;
  return [
    changed.length > 0 ? `were changed on the host: ${changed.join(", ")}` : "are not the declared ones",
  ];
}

/** Files from elsewhere, each replaced atomically; files that did not come from there are left alone. */
export function tree({ path, digest, archive, data }: Tree): Artifact {
  return artifact(treeKind, path, {
    spec: { digest },
    payload: archive,
    ...(data !== undefined && { data }),
  });
}
