import type { Props } from "./define-resource.ts";

/** Brings what an older version of torocloud wrote, into state or a marker, to the next schema version. */
export interface UpgradeStep {
  /** What changed, and since when. */
  readonly what: string;
  /** Pure; `type` is the resource's. */
  readonly upgrade: (type: string, props: Props) => Props;
}

/** The instance of everything that 0.1.0 made, which drew none. */
export const firstInstance = "0.1.0";

const liesElsewhere: ReadonlySet<string> = new Set([
  "torocloud:ceph:FileSystem",
  "torocloud:ceph:ClientKey",
  "torocloud:microvm:Image",
  "torocloud:microvm:SharedFiles",
  "torocloud:microvm:Share",
]);

/** By the tag of each share; what a share of 0.1.0 was called stood beside the tag. */
function namesOf(shares: unknown): Props {
  const entries = (shares ?? []) as readonly { readonly tag: string; readonly share: unknown }[];
  return Object.fromEntries(
    entries.flatMap(({ tag, share }) => (typeof share === "string" ? [[tag, share]] : [])),
  );
}

/** The first leads from version 1 to 2. A step is never changed once it was released: states of that age may come back. */
const upgradeSteps: readonly UpgradeStep[] = [
  {
    what: "0.2.0: keys are fetched from any of several hosts",
    upgrade: (_type, props) =>
      typeof props["keysFrom"] === "string" ? { ...props, keysFrom: [props["keysFrom"]] } : props,
  },
  {
    what: "0.2.0: what lies on CephFS or in the cluster is managed through any of several hosts",
    upgrade: (type, props) => {
      const { host, ...rest } = props;
      return liesElsewhere.has(type) && host !== undefined ? { ...rest, hosts: [host] } : props;
    },
  },
  {
    what: "0.2.0: a guest has virtiofsds of its own, which are called as the shares were",
    upgrade: (type, props) =>
      type === "torocloud:microvm:Guest" ? { shareNames: namesOf(props["shares"]), ...props } : props,
  },
];

/** The version of what is written today. */
export const schemaVersion = upgradeSteps.length + 1;

/** Inputs or state as today's code expects them. Throws when they are newer than it. What has no version is version 1. */
export function upgraded(type: string, props: Props, steps: readonly UpgradeStep[] = upgradeSteps): Props {
  const { schemaVersion: written = 1, ...rest } = props;
  const newest = steps.length + 1;
  if (typeof written !== "number" || written > newest) {
    throw new Error(
      `this was written by a newer torocloud (schema version ${String(written)}; this one knows ${String(newest)}): update @torocloud/provider`,
    );
  }
  return steps.slice(written - 1).reduce<Props>((older, { upgrade }) => upgrade(type, older), rest);
}
