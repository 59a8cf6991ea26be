/** Each layer may import the ones listed, and itself. The list is the architecture; ARCHITECTURE.md explains it. */
const layers = {
  "provider/src/host": [],
  "provider/src/transport": ["provider/src/host"],
  "provider/src/project": ["provider/src/host"],
  "provider/src/domain": ["provider/src/host"],
  "provider/src/lifecycle": ["provider/src/host"],
  "provider/src/resources": [
    "provider/src/lifecycle",
    "provider/src/domain",
    "provider/src/project",
    "provider/src/host",
  ],
  "provider/src/registry": ["provider/src/resources", "provider/src/lifecycle"],
  "provider/src/adapters": [
    "provider/src/registry",
    "provider/src/lifecycle",
    "provider/src/transport",
    "provider/src/project",
    "provider/src/host",
  ],
  "provider/src/index": ["provider/src/adapters", "provider/src/registry", "provider/src/transport"],
  "sdk/src": ["provider/"],
  lab: [],
  examples: ["sdk/"],
};

/** Packages with one home. */
const homes = {
  ssh2: "^provider/src/transport/",
  "@pulumi/pulumi": "^(provider/src/adapters|sdk|examples|test)/",
  "@pulumi/command": "^(examples|test)/",
  "tar-stream": "^(provider/src/project|test)/",
  zod: "^(provider/src/(resources|lifecycle|transport)|tools|test)/",
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
