import { artifact, type Artifact, type Kind } from "./artifact.ts";

type PackagesSpec = Readonly<{ names: readonly string[] }>;
type PackagesState = Readonly<{ installed: readonly string[] }>;

const packagesKind: Kind<PackagesSpec, PackagesState> = {
  name: "packages",
  title: (names) => `packages ${names}`,
  differences({ names }, { installed }) {
    const missing = names.filter((name) => !installed.includes(name));
    return missing.length === 0 ? [] : [`are not all installed: ${missing.join(", ")}`];
  },
  missing: () => "are missing",
  stays: true,
};

/**
 * Debian packages, installed without their recommendations. They stay when the resource goes: something else
 * may need them by then.
 */
export function debianPackages(names: readonly string[]): Artifact {
  const sorted = [...names].sort();
  return artifact(packagesKind, sorted.join(", "), { spec: { names: sorted }, whose: "shared" });
}
