import { artifact, type Artifact, type Kind } from "../artifacts/artifact.ts";

interface Pool {
  readonly name: string;
  readonly placementGroups: number;
  readonly copies: number;
  /** What it is to the file system: its clients may use pools by that. */
  readonly use: "metadata" | "data";
  readonly fileSystem: string;
}

type PoolSpec = Readonly<{
  pgNum: number;
  size: number;
  minSize: number;
  use: string;
  fileSystem: string;
}>;

type PoolState = Readonly<{
  pgNum: number;
  size: number;
  minSize: number;
  autoscale: string;
  /** Who uses it: "cephfs:data=cloud". */
  applications: readonly string[];
}>;

const poolKind: Kind<PoolSpec, PoolState> = {
  name: "ceph.pool",
  title: (name) => `pool ${name}`,
  differences({ pgNum, size, minSize, use, fileSystem }, state) {
    const options: [string, string | number, string | number][] = [
      ["pg_num", state.pgNum, pgNum],
      ["size", state.size, size],
      ["min_size", state.minSize, minSize],
      ["pg_autoscale_mode", state.autoscale, "off"],
      ["application", state.applications.join(",") || "none", `cephfs:${use}=${fileSystem}`],
    ];
    return differentOptions(options);
  },
};

/** Which options are others: "has size 2, not 3". */
export function differentOptions(
  options: readonly (readonly [name: string, is: string | number, wanted: string | number])[],
): string[] {
  return options.flatMap(([name, is, wanted]) =>
    is === wanted ? [] : [`has ${name} ${String(is)}, not ${String(wanted)}`],
  );
}

/** A replicated pool of a file system; its size in copies and groups can change while it serves. */
export function pool({ name, placementGroups, copies, use, fileSystem }: Pool): Artifact {
  const minSize = copies - Math.floor(copies / 2);
  return artifact(poolKind, name, {
    spec: { pgNum: placementGroups, size: copies, minSize, use, fileSystem },
    data: `pool ${name}`,
  });
}
