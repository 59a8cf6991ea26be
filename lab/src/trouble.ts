import { LabError } from "./errors.ts";
import { labLock, withLock } from "./lock.ts";
import { findHost } from "./places.ts";
import { waitForSsh } from "./ssh.ts";

/** Stops every process of a host where it is, as if the machine had frozen. */
export async function pauseHost(name: string, host: string): Promise<void> {
  const { kind, place } = await findHost(name, host);
  await kind.pause(place);
}

/** Lets a paused host go on. */
export async function resumeHost(name: string, host: string): Promise<void> {
  const { kind, place } = await findHost(name, host);
  await kind.resume(place);
}

/** Turns a host off at once and on again, and waits until its sshd answers. */
export async function rebootHost(name: string, host: string): Promise<void> {
  const { kind, place } = await findHost(name, host);
  await withLock(
    labLock(name, () => undefined),
    async () => kind.start(place), // a host that runs is turned off first
  );
  const up = await waitForSsh(name, host, place.address);
  if (up) return;
  throw new LabError(
    `${host} of lab ${name}: sshd does not answer after a reboot; its console ends: ${await kind.console(place)}`,
  );
}

/** Takes a host off its network, as if its cable had been pulled at the switch; a reboot puts it back. */
export async function cutNetwork(name: string, host: string): Promise<void> {
  const { kind, place } = await findHost(name, host);
  await kind.disconnect(place);
}

/** Puts a host back on its network. */
export async function restoreNetwork(name: string, host: string): Promise<void> {
  const { kind, place } = await findHost(name, host);
  await kind.connect(place);
}
