import type { InventoryHost } from "../../inventory/host.ts";

/** What sudo prints when it wants the password. */
export const passwordPrompt = "torocloud-password:";

/**
 * The command line for sshd that runs `command`, one of our constants, as the user that an entry wants. It has no content of a
 * user, so any login shell will do.
 */
export function commandLine({ become, sudoPasswordEnv }: InventoryHost, command: string): string {
  if (become === "none") return `exec ${command}`;
  if (sudoPasswordEnv === undefined) return `exec env LC_ALL=C sudo -n ${command}`;
  return `exec env LC_ALL=C sudo -S -p ${passwordPrompt} ${command}`;
}
