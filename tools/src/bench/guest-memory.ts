/** What runs for a guest on its host. */
export type GuestProcess = "qemu" | "virtiofsd" | "vsock" | "forwarder";

/** What one guest takes of its host's memory, in bytes: shares of pages that are shared with others (PSS). */
export interface GuestMemory {
  /** The guest's own memory as far as it was touched; in it whoever has it mapped. */
  readonly ram: number;
  /** QEMU's buffer of translated code under tcg; 0 with hardware virtualisation. */
  readonly translationBuffer: number;
  /** Everything else, by process. */
  readonly own: Readonly<Record<GuestProcess, number>>;
}

const kinds: readonly GuestProcess[] = ["qemu", "virtiofsd", "vsock", "forwarder"];

/** A script for a host that prints what {@link parseGuestMemory} reads: `== KIND`, its smaps_rollup, and QEMU's smaps after `--`. */
export const guestMemoryScript = `for process in /proc/[0-9]*; do
  arguments=$(tr '\\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
  case $arguments in
    */qemu-system-*) kind=qemu ;;
    */virtiofsd*) kind=virtiofsd ;;
    */vhost-device-vsock*) kind=vsock ;;
    */forward.py*) kind=forwarder ;;
    *) continue ;;
  esac
  [ "$process" = "/proc/$$" ] && continue
  echo "== $kind"
  cat "$process/smaps_rollup"
  [ "$kind" != qemu ] || { echo --; cat "$process/smaps"; }
done`;

/** What one guest takes on average on the host that printed this; throws when no guest runs there. */
export function parseGuestMemory(text: string): GuestMemory {
  const processes = text.split(/^== /m).slice(1).map(parseProcess);
  const guests = processes.filter(({ kind }) => kind === "qemu").length;
  if (guests === 0) throw new Error("no QEMU runs on the host");
  const total = (pick: (one: ProcessMemory) => number, kind?: GuestProcess): number =>
    processes
      .filter((one) => kind === undefined || one.kind === kind)
      .reduce((bytes, one) => bytes + pick(one), 0) / guests;
  const own = (kind: GuestProcess): number =>
    total((one) => one.pss - one.shared - one.translationBuffer, kind);
  return {
    ram: total(({ shared }) => shared),
    translationBuffer: total(({ translationBuffer }) => translationBuffer),
    own: { qemu: own("qemu"), virtiofsd: own("virtiofsd"), vsock: own("vsock"), forwarder: own("forwarder") },
  };
}

/** What a guest costs beside its own memory and the translation buffer, in bytes. */
export function besides({ own }: GuestMemory): number {
  return kinds.reduce((bytes, kind) => bytes + own[kind], 0);
}

interface ProcessMemory {
  readonly kind: GuestProcess;
  readonly pss: number;
  /** In shared memory: the guest's, which is a memfd that all of its processes map. */
  readonly shared: number;
  readonly translationBuffer: number;
}

function parseProcess(text: string): ProcessMemory {
  const [head = "", maps = ""] = text.split(/^--$/m);
  const kind = head.slice(0, head.indexOf("\n"));
  const named = kinds.find((one) => one === kind);
  if (named === undefined) throw new Error(`"${kind}" is none of ${kinds.join(", ")}`);
  return {
    kind: named,
    pss: field(head, "Pss"),
    shared: field(head, "Pss_Shmem"),
    translationBuffer: writableCode(maps),
  };
}

/** Memory that is written and executed is what an emulator translates into. */
function writableCode(smaps: string): number {
  return smaps
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((mapping) => /^\S+ rwx/.test(mapping))
    .reduce((bytes, mapping) => bytes + field(mapping, "Pss"), 0);
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
}
