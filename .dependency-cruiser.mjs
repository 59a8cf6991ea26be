/** Each layer may import the ones listed, and itself. The list is the architecture; ARCHITECTURE.md explains it. */
export const layers = {
  "provider/src/validation": [],
  "provider/src/host-program": [],
  "provider/src/artifacts": ["provider/src/validation", "provider/src/host-program"],
  "provider/src/project": ["provider/src/artifacts"],
  "provider/src/lifecycle": [
    "provider/src/validation",
    "provider/src/host-program",
    "provider/src/artifacts",
  ],
  "provider/src/machine": ["provider/src/lifecycle", "provider/src/validation", "provider/src/artifacts"],
  "provider/src/ceph": [
    "provider/src/lifecycle",
    "provider/src/validation",
    "provider/src/host-program",
    "provider/src/artifacts",
  ],
  "provider/src/microvm": [
    "provider/src/lifecycle",
    "provider/src/validation",
    "provider/src/artifacts",
    "provider/src/project",
  ],
  "provider/src/keys": ["provider/src/inventory", "provider/src/validation"],
  "provider/src/inventory": ["provider/src/keys", "provider/src/validation"],
  "provider/src/ssh": [
    "provider/src/inventory",
    "provider/src/keys",
    "provider/src/validation",
    "provider/src/host-program",
  ],
  "provider/src/registry": [
    "provider/src/machine",
    "provider/src/ceph",
    "provider/src/microvm",
    "provider/src/lifecycle",
  ],
  "provider/src/adapters": [
    "provider/src/registry",
    "provider/src/lifecycle",
    "provider/src/validation",
    "provider/src/host-program",
    "provider/src/ssh",
    "provider/src/inventory",
    "provider/src/keys",
    "provider/src/project",
  ],
  "provider/src/index": [
    "provider/src/adapters",
    "provider/src/registry",
    "provider/src/inventory",
    "provider/src/validation",
  ],
  "sdk/src": ["provider/"],
  lab: [],
  examples: ["sdk/"],
};

/** Packages with one home. */
const homes = {
  ssh2: "^provider/src/(ssh|keys)/",
  "@pulumi/pulumi": "^(provider/src/adapters|sdk|examples|test)/",
  "@pulumi/command": "^(examples|test)/",
  zod: "^(provider/src/(validation|host-program|artifacts|lifecycle|machine|ceph|microvm|keys|inventory|ssh)|tools|test)/",
};

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: {
        orphan: true,
        pathNot: "(config[.][cm]?[jt]s|[.]d[.]m?ts|lab/src/bin.*|tools/src/bench/.*)$",
      },
      to: {},
    },
    { name: "not-to-test", severity: "error", from: { pathNot: "^test/" }, to: { path: "^test/" } },
    ...Object.entries(layers).map(([layer, allowed]) => ({
      name: `${layer}-imports-only-what-is-below`,
      comment: `${layer} may import: ${allowed.join(", ") || "nothing of ours"}`,
      severity: "error",
      from: { path: `^${layer}[/.]` },
      to: {
        path: "^(provider|sdk|examples|lab|tools)/",
        pathNot: [layer, ...allowed].map((path) => `^${path}`),
      },
    })),
    ...Object.entries(homes).map(([name, home]) => ({
      name: `${name}-stays-home`,
      severity: "error",
      from: { path: "^(provider|sdk|lab|tools|examples|test)/", pathNot: home },
      to: { path: `node_modules/${name}/` },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: ["node_modules", "dist"] },
    exclude: { path: "dist" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
