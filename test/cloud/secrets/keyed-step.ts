import { vi } from "vitest";
import { file } from "../../../provider/src/artifacts/files.ts";
import { loadInventory } from "../../../provider/src/inventory/index.ts";
import { SshPool } from "../../../provider/src/ssh/index.ts";
import { onHost } from "../support/hosts.ts";
import type { Outcome } from "../support/stack.ts";
import type { Life } from "./life.ts";

const keyring = "/etc/torocloud/ceph-storage/keyring";
const lock = "ceph-mount-storage";
const holder = "torocloud-test-holder";

/** Makes the next `up` fail while it writes a key; returns what undoes that. */
export async function spoilKeyring(life: Life): Promise<() => Promise<void>> {
  await edited(life, `mkdir ${keyring}.torocloud-new`);
  await life.must("refresh");
  return async () => onHost(life.workspace, "host1", `rmdir ${keyring}.torocloud-new`).then(() => undefined);
}

/** Makes the next `up` wait with a key in its hands; returns what undoes that. */
export async function blockKeyring(life: Life): Promise<() => Promise<void>> {
  await edited(life, holdLock);
  await life.must("refresh");
  return async () => release(life);
}

/** Somebody is at work on the mount, for as long as it takes. */
const holdLock = `systemd-run --quiet --unit ${holder} flock /run/lock/torocloud-${lock} sleep infinity
until ! flock --nonblock /run/lock/torocloud-${lock} true; do sleep 0.1; done`;

async function release({ workspace }: Life): Promise<void> {
  await onHost(workspace, "host1", `systemctl stop ${holder}`);
}

async function edited({ workspace }: Life, obstacle: string): Promise<void> {
  await onHost(workspace, "host1", `${obstacle}; echo '# edited' >>${keyring}`);
}

/** Starts an `up`, interrupts it once it waits with a key in its hands, and waits for its end. */
export async function interruptAtKeyring(life: Life): Promise<Outcome> {
  const run = life.start("up", { args: ["--skip-preview"] });
  await vi.waitFor(
    () => {
      if (!run.output().includes("waiting for an earlier run")) throw new Error("it does not wait yet");
    },
    { timeout: 300_000, interval: 500 },
  );
  run.interrupt();
  const patience = setTimeout(() => {
    run.interrupt(); // as a person presses Ctrl-C again
  }, 20_000);
  const outcome = await run.outcome;
  clearTimeout(patience);
  await life.keep(outcome.output);
  return outcome;
}

/** Writes a key through the provider's own connection until a limit of three seconds ends it; what is said then. */
export async function timeOutAtKeyring(life: Life): Promise<string> {
  const { workspace, logins } = life;
  await onHost(workspace, "host1", holdLock);
  const pool = new SshPool(() => loadInventory(logins.inventoryFile), {
    environment: { ...process.env, ...logins.env },
  });
  const [secret] = life.secrets().find(({ name }) => name === "client.ceph")?.values ?? [];
  const { kind, key, spec } = file("/etc/torocloud/timed-out", secret?.toString() ?? "", { mode: "600" });
  const step = { do: "apply", kind: kind.name, key, spec, found: null, disturb: false } as const;
  try {
    await pool.host("host1").ask({ steps: [step], lock }, { timeoutSeconds: 3 });
    return "it ended";
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  } finally {
    await pool.close();
    await release(life);
  }
}
