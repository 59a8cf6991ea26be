import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of this checkout. */
export const checkoutFolder: string = fileURLToPath(new URL("../..", import.meta.url));

/** Where built tools are kept: `$TOROCLOUD_CACHE`, or `torocloud` in `$XDG_CACHE_HOME` or `~/.cache`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return (
    set(env["TOROCLOUD_CACHE"]) ?? join(set(env["XDG_CACHE_HOME"]) ?? join(home(env), ".cache"), "torocloud")
  );
}

/** Where Pulumi's state and passphrase are kept by default: `torocloud/pulumi` in `$XDG_STATE_HOME` or `~/.local/state`. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(set(env["XDG_STATE_HOME"]) ?? join(home(env), ".local", "state"), "torocloud", "pulumi");
}

/** The user's home folder. */
export function home(env: NodeJS.ProcessEnv = process.env): string {
  return set(env["HOME"]) ?? homedir();
}

function set(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
