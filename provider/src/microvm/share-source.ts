import { artifact, type Artifact, type Kind } from "../artifacts/artifact.ts";

type SourceSpec = Readonly<{ unit: string; source: string }>;
interface SourceState {
  /** What the running virtiofsd serves beside the directory that has its name; `idle` while none runs. */
  readonly serves: "idle" | "source" | "another" | "unanswered";
  readonly [field: string]: string;
}

const said = {
  idle: [],
  source: [],
  another: ["serves a directory that is no longer there"],
  unanswered: ["cannot be compared with its source: no answer within 10 s"],
} as const;

const kind: Kind<SourceSpec, SourceState> = {
  name: "microvm.share-source",
  title: (share) => `virtiofsd of share ${share}`,
  differences: (_, { serves }) => said[serves],
};

/**
 * That the guest sees the directory which has the source's name now: virtiofsd goes on serving one that was removed. It is
 * restarted then, and its guest with it.
 */
export function shareSource(share: string, unit: string, source: string): Artifact {
  return artifact(kind, share, { spec: { unit, source }, whose: "shared" });
}
