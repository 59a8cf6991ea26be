import { readCredentials } from "../keys/credentials.ts";
import { inventoryOf } from "./surroundings.ts";

/**
 * The keys and agents that an inventory names and that are not to be had here, a sentence each, with the first host that it is
 * about. Throws an InventoryError when the inventory itself cannot be used.
 */
export function missingCredentials(inventory: string): readonly string[] {
  const { file, hosts } = inventoryOf(inventory);
  const sentences = new Map<string, string>();
  const asked = new Set<string>();
  for (const host of hosts.values()) {
    const named = JSON.stringify([host.privateKeyFile, host.passphraseEnv, host.agent]);
    if (asked.has(named)) continue;
    asked.add(named);
    for (const reason of readCredentials(host, process.env).missing) {
      const sentence = `${file}: hosts.${host.name}: ${reason}; a preview does without, a change does not`;
      sentences.set(reason, sentences.get(reason) ?? sentence);
    }
  }
  return [...sentences.values()];
}
