/** Something done by hand on a host of the example cloud, as the lab's tests have it: three guests, ports 8090 and 8091. */
export interface Row {
  /** What is done to it: "is edited". */
  readonly by: string;
  readonly host: string;
  /** Shell, as root. */
  readonly script: string;
  /** What the next refresh tells: "host/kind/name: sentence", without the host of what is on none; … stands for what only the hosts know. */
  readonly told: readonly string[];
  /** Services that run as other processes once `up` has put it right; all others are left alone. */
  readonly restarts?: readonly string[];
  /** What no other row of the same round may touch at the same time. */
  readonly claims?: readonly string[];
  /** Where `up` refuses to put it right: what it says, and how a person does. */
  readonly refused?: { readonly says: string; readonly undo: string };
}

/** An artifact of a kind of resource, and what a person can do to it. */
export interface Watched {
  /** Its name, with {words} where names stand. */
  readonly artifact: string;
  /** The fields whose values are seen in it. */
  readonly fields?: readonly string[];
  readonly rows: readonly Row[];
  /** Why there is no row, where there is none. */
  readonly because?: string;
}

/** What a refresh sees of one kind of resource, and what it cannot. */
export interface DriftTable {
  readonly type: string;
  readonly watched: readonly Watched[];
  /** Fields, and what else a person may think of: why a change of it is not seen. */
  readonly unseen: Readonly<Record<string, string>>;
}

/** What runs for one guest, beside its forward. */
export function machine(host: string, guest: string): string[] {
  return [`guest-${guest}`, `share-${guest}.site`, `vsock-${guest}`].map(
    (unit) => `${host} torocloud-${unit}`,
  );
}

/** What runs for each of the three guests. */
export const web = {
  0: machine("host1", "web-0"),
  1: machine("host2", "web-1"),
  2: machine("host1", "web-2"),
};

/** Where our units are. */
export const units = "/etc/systemd/system";

/** As `systemctl edit` does it. */
export function dropIn(unit: string, lines = "[Service]\\nEnvironment=BY_HAND=yes\\n"): string {
  const folder = `/etc/systemd/system/${unit}.d`;
  return `mkdir -p "${folder}"; printf '${lines}' >"${folder}/override.conf"; systemctl daemon-reload`;
}

/** Fields that are the same for all resources. */
export const identity = "says which thing it is, not how: another value is another thing";

/** What no look at a host finds, and why. */
export const runtime = "what a running daemon has in memory";
export const inMemory = "is gone with its next start; only its unit, its files and its key are looked at";
