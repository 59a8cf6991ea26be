/** What a key allows, by the kind of daemon that is asked: { mon: "allow r" }. */
export type Caps = Readonly<Record<string, string>>;

/** In words: "mds: allow *; mon: allow r". */
export function capsOf(caps: Caps): string {
  return Object.entries(caps)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, cap]) => `${service}: ${cap}`)
    .join("; ");
}

/** A keyring file, and what the cluster knows of its key; null where that is nothing. */
export type KeyState = Readonly<{
  mode: string;
  owner: string;
  known: { same: boolean; caps: Caps } | null;
}>;

interface Keyring {
  readonly mode: string;
  readonly owner: string;
  /** Whether it holds the right key. */
  readonly same: boolean;
}

/** What is wrong with a keyring file, in words. */
export function keyringDifferences(
  { mode, owner, same }: Keyring,
  keyring: string,
  owned = "ceph:ceph",
): string[] {
  return [
    ...(mode === "600" ? [] : [`has mode ${mode}, not 600, in ${keyring}`]),
    ...(owner === owned ? [] : [`belongs to ${owner}, not ${owned}, in ${keyring}`]),
    ...(same ? [] : [`is another one in ${keyring}`]),
  ];
}

/** What is wrong with a key, in words. */
export function keyDifferences(
  { mode, owner, known }: KeyState,
  { keyring, caps }: { keyring: string; caps: Caps },
): string[] {
  if (!known) return ["is not known to the cluster"];
  const [may, wanted] = [capsOf(known.caps) || "nothing", capsOf(caps)];
  return [
    ...keyringDifferences({ mode, owner, same: known.same }, keyring),
    ...(may === wanted ? [] : [`may "${may}", not "${wanted}"`]),
  ];
}

/** A daemon notices only another key. */
export function keyDisturbs(state: KeyState | null): boolean {
  return state?.known?.same !== true;
}
