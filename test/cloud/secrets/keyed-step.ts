import { vi } from "vitest";
import { applyScript } from "../../../provider/src/host/artifact.ts";
import { file } from "../../../provider/src/host/files.ts";
import { prelude } from "../../../provider/src/host/prelude.ts";
import { Script } from "../../../provider/src/host/script.ts";
import { loadInventory, SshPool } from "../../../provider/src/transport/index.ts";
import { onHost } from "../support/hosts.ts";
import type { Outcome } from "../support/stack.ts";
import type { Life } from "./life.ts";

const keyring = "/etc/torocloud/ceph-storage/keyring";
const temporary = `${keyring}.torocloud-new`;

/** Makes the next `up` fail while it writes a key; returns what undoes that. */
export async function spoilKeyring(life: Life): Promise<() => Promise<void>> {
  await inTheWay(life, `mkdir ${temporary}`);
  await life.must("refresh");
  return async () => onHost(life.workspace, "host1", `rmdir ${temporary}`).then(() => undefined);
}

/** Makes the next `up` wait for ever while it writes a key; returns what undoes that. */
export async function blockKeyring(life: Life): Promise<() => Promise<void>> {
  await inTheWay(life, `mkfifo ${temporary}`);
  await life.must("refresh");
  return async () => onHost(life.workspace, "host1", `rm ${temporary}`).then(() => undefined);
}

async function inTheWay({ workspace }: Life, obstacle: string): Promise<void> {
  await onHost(workspace, "host1", `${obstacle}; echo '# edited' >>${keyring}`);
}

/** Starts an `up`, interrupts it once it waits with a key in its hands, and waits for its end. */
export async function interruptAtKeyring(life: Life): Promise<Outcome> {
  const run = life.start("up", { args: ["--skip-preview"] });
  await vi.waitFor(async () => waitsAtKeyring(life), { timeout: 300_000, interval: 500 });
  run.interrupt();
  const patience = setTimeout(() => {
    run.interrupt(); // as a person presses Ctrl-C again
  }, 20_000);
  const outcome = await run.outcome;
  clearTimeout(patience);
  await life.keep(outcome.output);
  return outcome;
}

/** Only `put_file` writes to the pipe, and nobody reads from it. */
async function waitsAtKeyring({ workspace }: Life): Promise<void> {
  await onHost(
    workspace,
    "host1",
    `grep -l ceph-storage/keyring /etc/torocloud/ceph-mount/storage.json >/dev/null || :
grep -q pending /etc/torocloud/ceph-mount/storage.json`,
  );
}

/** Writes a key through the provider's own connection until a limit of three seconds ends it; what is said then. */
export async function timeOutAtKeyring(life: Life): Promise<string> {
  const { workspace, logins } = life;
  const path = "/etc/torocloud/timed-out";
  await onHost(workspace, "host1", `mkfifo ${path}.torocloud-new`);
  const pool = new SshPool(() => loadInventory(logins.inventoryFile), {
    environment: { ...process.env, ...logins.env },
  });
  const key =
    life
      .secrets()
      .find(({ name }) => name === "client.ceph")
      ?.values[0]?.toString() ?? "";
  const artifact = file(path, key, { mode: "600" });
  const script = Script.join([prelude, applyScript([{ artifact, actual: "" }])]);
  try {
    await pool.host("host1").run(script, { timeoutSeconds: 3 });
    return "it ended";
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  } finally {
    await pool.close();
    await onHost(workspace, "host1", `rm ${path}.torocloud-new`);
  }
}
