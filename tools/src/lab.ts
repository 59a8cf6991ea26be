import { ensureDebianPackages } from "./debian-packages.ts";

/** Runs the command line of the lab, the hosts on this machine, and returns its exit code; installs the Debian packages it needs. */
export async function lab(args: readonly string[]): Promise<number> {
  const { main } = await import("@torocloud/lab");
  return main(args, { ensurePackages: async (names) => ensureDebianPackages(names) });
}
