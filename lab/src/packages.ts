import { containerKind } from "./container.ts";
import { LabError } from "./errors.ts";
import { run } from "./run.ts";

/** The Debian packages that this machine needs for a lab. */
export const labPackages: readonly string[] = [
  ...containerKind.packages,
  ...["nftables", "iproute2", "openssh-client", "util-linux", "procps", "debian-archive-keyring"],
];

/** Installs the Debian packages that are missing on this machine. */
export type EnsurePackages = (names: readonly string[]) => Promise<void>;

/** Throws with the command to type when a package is missing. */
export async function requirePackages(names: readonly string[]): Promise<void> {
  const result = await run([
    "dpkg-query",
    "--show",
    "--showformat=${db:Status-Status} ${Package}\n",
    ...names,
  ]);
  const installed = new Set(result.stdout.split("\n").filter((line) => line.startsWith("installed ")));
  const missing = names.filter((name) => !installed.has(`installed ${name}`));
  if (missing.length === 0) return;
  throw new LabError(
    `this machine: a lab needs Debian packages that are missing: apt-get install --no-install-recommends ${missing.join(" ")}`,
  );
}
